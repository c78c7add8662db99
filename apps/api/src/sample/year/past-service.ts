import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  BillingRun,
  CollectionService,
  DocumentMaker,
  type DocumentCursor,
  PaymentEvents,
  RefundRun,
} from '@app/billing';
import { Dispatcher, type Outcome } from '@app/deliveries';
import { EventPublisher } from '@app/events';
import { DenialCounts, UsageSeriesService } from '@app/metering';
import { DueSubscriptionsService, PlanMigrationsService } from '@app/subscriptions';
import { SimulatedClock } from './simulated-clock.js';

/** The body of an answer. */
export type Answer = Record<string, unknown> & { id: string; data: { id: string }[] };

export interface Call {
  method: string;
  path: string;
  body?: object;
  token: string | null;
  /** Idempotency-Key, so that an interrupted load can repeat it. */
  key?: string;
}

/** A request that the service refused. */
export class RefusedStep extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Runs all steps once. @returns true when one of them had something to do */
async function anyOf(steps: (() => Promise<boolean>)[]): Promise<boolean> {
  let busy = false;
  for (const step of steps) if (await step()) busy = true;
  return busy;
}

/** The service at a simulated time: its routes, and its jobs one after the other. */
export class PastService {
  constructor(private readonly app: NestFastifyApplication) {
    this.dropMails();
  }

  /** The time moves forward. */
  moveTo(at: Date): void {
    SimulatedClock.set(at);
  }

  /** Counts usage from `at` on in the statistics of the product. */
  async begin(at: Date): Promise<void> {
    await this.get(UsageSeriesService).beginRollup(at);
  }

  /** The simulated time, in ms. */
  now(): number {
    return new SimulatedClock().now().getTime();
  }

  /** @throws RefusedStep for any answer but a success */
  async call({ method, path, body, token, key }: Call): Promise<Answer> {
    const answer = await this.app
      .getHttpAdapter()
      .getInstance()
      .inject({
        method: method as 'POST',
        url: path,
        headers: {
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          ...(key ? { 'idempotency-key': key } : {}),
        },
        ...(body ? { payload: body } : {}),
      });
    if (answer.statusCode >= 400)
      throw new RefusedStep(answer.statusCode, `${method} ${path} was answered ${answer.statusCode}: ${answer.body}`);
    return answer.body === '' ? ({} as Answer) : (JSON.parse(answer.body) as Answer);
  }

  /** Does everything that is due: what the jobs of a worker do within seconds. */
  async settle(): Promise<void> {
    const billing = this.get(BillingRun);
    const collection = this.get(CollectionService);
    const often = [
      async () => (await this.get(DueSubscriptionsService).processDue()) > 0,
      async () => (await this.get(EventPublisher).publish()) > 0,
      () => billing.runDue(),
      async () => (await collection.collectDue()) > 0,
    ];
    const seldom = [
      () => this.get(PlanMigrationsService).step(),
      async () => (await this.get(PaymentEvents).processDue()) > 0,
      async () => (await collection.checkDue()) > 0,
      async () => (await this.get(RefundRun).refundDue()) > 0,
    ];
    do while (await anyOf(often));
    while (await anyOf(seldom));
    await this.get(DenialCounts).flush();
    await this.makeDocuments();
    const dispatcher = this.get(Dispatcher);
    while ((await dispatcher.dispatch()) > 0) await dispatcher.idle();
  }

  /** Stores the payment methods that payers have entered. */
  async settleSetups(): Promise<void> {
    while ((await this.get(PaymentEvents).processDue()) > 0);
  }

  /** Drops the mails of the past: no address receives them. */
  private dropMails(): void {
    const dropped = async (): Promise<Outcome> => ({ result: 'delivered', why: 'nobody_to_tell' });
    const dispatcher = this.get(Dispatcher);
    for (const channel of ['mail', 'account_mail', 'billing_mail'] as const)
      dispatcher.register(channel, { prepare: async (deliveries) => deliveries.map(() => dropped) });
  }

  private async makeDocuments(): Promise<void> {
    const maker = this.get(DocumentMaker);
    for (let at: DocumentCursor | null = await maker.make(null); at;) at = await maker.make(at);
  }

  /** A provider of the service. */
  get<T>(type: new (...args: never[]) => T): T {
    return this.app.get<T>(type, { strict: false });
  }
}
