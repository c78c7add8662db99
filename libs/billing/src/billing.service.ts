import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type BillingSettings, CatalogReader } from '@app/catalog';
import { Clock, grouped } from '@app/kernel';
import { Database } from '@app/platform';
import { BilledSubscriptionsRepository, type LockedPosition } from './billed-subscriptions.repository.js';
import { CheckoutsRepository } from './checkouts/checkouts.repository.js';
import { BillingRun, BillingStep, retryAt } from './billing-run.service.js';
import { type BilledCharge, type Step, stepsOf, walk } from './domain/billing-walk.js';
import { mergeCharges } from './domain/charges.js';
import type { Position } from './domain/position.js';
import { DraftsService } from './drafts.service.js';
import { UsagePrices } from './usage-prices.js';

/** Subscriptions per transaction: enough to share its cost, few enough to hold locks briefly. */
const BATCH = 200;

/** A position with its unread events. */
interface Unread {
  position: LockedPosition;
  steps: Step[];
  settings: BillingSettings | null;
}

/** Turns events of subscriptions into drafts of invoices, each event once. */
@Injectable()
export class BillingService extends BillingStep implements OnModuleInit {
  constructor(
    private readonly positions: BilledSubscriptionsRepository,
    private readonly drafts: DraftsService,
    private readonly prices: UsagePrices,
    private readonly catalog: CatalogReader,
    private readonly run: BillingRun,
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly checkouts: CheckoutsRepository,
  ) {
    super();
  }

  onModuleInit(): void {
    this.run.register(this);
  }

  runDue(): Promise<number> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      return this.processEach(await this.positions.lockDue(now, BATCH), now, retryAt(now));
    });
  }

  runOnClock(clockId: string, now: Date): Promise<number> {
    return this.database.transaction(async () => {
      await this.positions.announceUnpublished(clockId, this.clock.now());
      const due = await this.positions.lockDueOnClock(clockId, now, BATCH);
      return this.processEach(due, now, retryAt(now, { onClock: true }));
    });
  }

  nextOnClock(clockId: string): Promise<Date | null> {
    return this.positions.nextOnClock(clockId);
  }

  /**
   * Bills locked positions up to `now`: reads their unread events, and writes drafts, lines that wait and the
   * positions. Needs the transaction that has locked them.
   * @returns the number of positions
   */
  async process(positions: LockedPosition[], now: Date): Promise<number> {
    if (positions.length === 0) return 0;
    const unread = await this.read(positions);
    const hasPrices = await this.prices.among(
      unread.flatMap(({ position, steps }) => [
        position.state,
        ...steps.flatMap(({ before, after }) => [before, after]),
      ]),
    );
    const billed = unread.map(({ position, steps, settings }) => ({
      walked: walk(position, steps, { until: now, rereads: position.rereads, hasPrices }),
      settings,
    }));
    const paidFirst = await this.checkouts.billedEvents(positions.map(({ identity }) => identity.id));
    const charges = billed.flatMap(({ walked, settings }) =>
      settings ? mergeCharges(withoutLines(walked.charges, paidFirst)).map((charge) => ({ charge, settings })) : [],
    );
    await this.drafts.write(charges, now);
    await this.positions.save(
      billed.map(({ walked, settings }) =>
        settings ? { ...walked.position, dueAt: walked.dueAt, upcomingAt: walked.upcomingAt } : off(walked.position),
      ),
    );
    return positions.length;
  }

  /** Positions that cannot be billed are postponed, and do not stop the others. */
  private async processEach(positions: LockedPosition[], now: Date, retry: Date): Promise<number> {
    await this.run.isolate({
      job: 'bill subscriptions',
      items: positions,
      idOf: ({ identity }) => identity.id,
      process: (some) => this.process(some, now),
      postpone: ({ identity }) => this.positions.postpone(identity, retry),
    });
    return positions.length;
  }

  private async read(positions: LockedPosition[]): Promise<Unread[]> {
    const starting = positions.filter(({ state }) => state === null).map(({ identity }) => identity.id);
    // Before the events: those that are later than the present row are known by their sequence.
    const present = await this.positions.present(starting);
    const events = grouped(await this.positions.unread(positions), ({ subscriptionId }) => subscriptionId);
    const settings = await this.settingsOf(positions);
    return positions.map((position) => ({
      position,
      steps: stepsOf(position, events.get(position.identity.id) ?? [], present.get(position.identity.id) ?? null),
      settings: settings.get(position.identity.productId) ?? null,
    }));
  }

  /** Settings by product, read one after the other: a transaction has one connection. */
  private async settingsOf(positions: LockedPosition[]): Promise<Map<string, BillingSettings | null>> {
    const settings = new Map<string, BillingSettings | null>();
    for (const id of new Set(positions.map(({ identity }) => identity.productId)))
      settings.set(id, await this.catalog.billingOf(id));
    return settings;
  }
}

/** A charge of an event whose invoice was paid before it happened has only its usage left. */
const withoutLines = (charges: BilledCharge[], paidFirst: Set<string>): BilledCharge[] =>
  charges.map((charge) =>
    paidFirst.has(`${charge.subscription.id}:${charge.source}`) ? { ...charge, lines: [] } : charge,
  );

/** Billing was switched off: the subscription is billed from its next event on when it is switched on again. */
const off = (position: Position) => ({ ...position, state: null, dueAt: null, upcomingAt: null });
