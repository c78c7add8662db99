import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import Stripe from 'stripe';
import { FakeAccount, FakeError, type Parameters } from './account.js';
import { parseForm } from './form.js';
import { type FakeEvent, newStripeId, seconds } from './objects.js';
import { wrongParameters } from './parameters.js';

export const STRIPE_SECRET_KEY = 'sk_test_fake0123456789abcdef';
export const STRIPE_WEBHOOK_SECRET = 'whsec_fake0123456789abcdef';

/** Something that goes wrong once, with the next request whose method and path match. */
export interface Fault {
  on: RegExp;
  /** Time before the answer. */
  delayMs?: number;
  /** The connection is closed: `before` the work is done, or `after` it. */
  drop?: 'before' | 'after';
  /** Answered instead of the work. */
  status?: 429 | 500;
  /** The request is held until it resolves. */
  until?: () => Promise<void>;
}

/** Requests that are held: how many have arrived, and how to let them continue. */
export interface Held {
  arrived: number;
  release: () => void;
}

interface Call {
  method: string;
  path: string;
  idempotencyKey: string | null;
}

interface Remembered {
  request: string;
  /** Null while it is under way. */
  answer: { status: number; body: string } | null;
}

interface Route {
  on: RegExp;
  /** File and interface of the package with the allowed parameters. */
  parameters: [string, string];
  run: (account: FakeAccount, ids: string[], given: Parameters) => object;
}

const ID = '([^/]+)';
const at = (method: string, path: string): RegExp => new RegExp(`^${method} /v1/${path}$`);
const expandOf = ({ expand }: Parameters): string[] => (Array.isArray(expand) ? expand.map(String) : []);

const ROUTES: Route[] = [
  {
    on: at('POST', 'customers'),
    parameters: ['Customers', 'CustomerCreateParams'],
    run: (account, _, given) => account.createCustomer(given),
  },
  {
    on: at('POST', `customers/${ID}`),
    parameters: ['Customers', 'CustomerUpdateParams'],
    run: (account, [id], given) => account.updateCustomer(id!, given),
  },
  {
    on: at('DELETE', `customers/${ID}`),
    parameters: ['Customers', 'CustomerDeleteParams'],
    run: (account, [id]) => account.deleteCustomer(id!),
  },
  {
    on: at('POST', 'checkout/sessions'),
    parameters: ['Checkout/Sessions', 'SessionCreateParams'],
    run: (account, _, given) => account.createSession(given),
  },
  {
    on: at('GET', `checkout/sessions/${ID}`),
    parameters: ['Checkout/Sessions', 'SessionRetrieveParams'],
    run: (account, [id], given) => account.getSession(id!, expandOf(given)),
  },
  {
    on: at('GET', `payment_methods/${ID}`),
    parameters: ['PaymentMethods', 'PaymentMethodRetrieveParams'],
    run: (account, [id]) => account.getMethod(id!),
  },
  {
    on: at('POST', `payment_methods/${ID}/attach`),
    parameters: ['PaymentMethods', 'PaymentMethodAttachParams'],
    run: (account, [id], given) => account.attachTestMethod(id!, given),
  },
  {
    on: at('POST', `payment_methods/${ID}/detach`),
    parameters: ['PaymentMethods', 'PaymentMethodDetachParams'],
    run: (account, [id]) => account.detachMethod(id!),
  },
  {
    on: at('POST', 'payment_intents'),
    parameters: ['PaymentIntents', 'PaymentIntentCreateParams'],
    run: (account, _, given) => account.createIntent(given),
  },
  {
    on: at('GET', 'payment_intents'),
    parameters: ['PaymentIntents', 'PaymentIntentListParams'],
    run: (account, _, given) =>
      listed(
        [...account.intents.values()].filter(({ customer }) => customer === given['customer']),
        given,
        '/v1/payment_intents',
      ),
  },
  {
    on: at('GET', `payment_intents/${ID}`),
    parameters: ['PaymentIntents', 'PaymentIntentRetrieveParams'],
    run: (account, [id], given) => account.getIntent(id!, expandOf(given)),
  },
  {
    on: at('POST', `payment_intents/${ID}/confirm`),
    parameters: ['PaymentIntents', 'PaymentIntentConfirmParams'],
    run: (account, [id], given) => account.confirmIntent(id!, given),
  },
  {
    on: at('POST', `payment_intents/${ID}/cancel`),
    parameters: ['PaymentIntents', 'PaymentIntentCancelParams'],
    run: (account, [id]) => account.cancelIntent(id!),
  },
  {
    on: at('POST', 'refunds'),
    parameters: ['Refunds', 'RefundCreateParams'],
    run: (account, _, given) => account.createRefund(given),
  },
  {
    on: at('GET', 'refunds'),
    parameters: ['Refunds', 'RefundListParams'],
    run: (account, _, given) =>
      listed(
        [...account.refunds.values()].filter((one) => one.payment_intent === given['payment_intent']),
        given,
        '/v1/refunds',
      ),
  },
  {
    on: at('GET', `refunds/${ID}`),
    parameters: ['Refunds', 'RefundRetrieveParams'],
    run: (account, [id]) => account.getRefund(id!),
  },
];

/** A page, newest first. */
function listed(all: { id: string }[], given: Parameters, url: string): object {
  const newest = all.toReversed();
  const start = newest.findIndex(({ id }) => id === given['starting_after']) + 1;
  const limit = Number(given['limit'] ?? 10);
  return { object: 'list', data: newest.slice(start, start + limit), has_more: start + limit < newest.length, url };
}

/** A local server that answers as Stripe does, to the requests of the package. */
export class FakeStripe {
  readonly account = new FakeAccount();
  readonly calls: Call[] = [];
  private readonly faults: Fault[] = [];
  private readonly remembered = new Map<string, Remembered>();
  private readonly server = http.createServer((request, response) => void this.answer(request, response));

  static async start(): Promise<FakeStripe> {
    const fake = new FakeStripe();
    await new Promise<void>((resolve) => void fake.server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Environment of a service that uses this server. */
  get environment(): Record<string, string> {
    return { STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, STRIPE_API_URL: this.url };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  failNext(fault: Fault): void {
    this.faults.push(fault);
  }

  /** Holds the next requests whose method and path match, until they are released. */
  hold(on: RegExp, count = 1): Held {
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    const held: Held = { arrived: 0, release };
    const until = (): Promise<void> => {
      held.arrived++;
      return released;
    };
    for (let index = 0; index < count; index++) this.failNext({ on, until });
    return held;
  }

  /** The header that signs an event, made by the package. */
  static signature(payload: string, timestamp = seconds(), secret = STRIPE_WEBHOOK_SECRET): string {
    return Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
  }

  /** Sends events to a webhook endpoint, in the given order. @returns the status of each answer */
  static async deliver(url: string, events: FakeEvent[]): Promise<number[]> {
    const statuses: number[] = [];
    for (const event of events) {
      const body = JSON.stringify(event);
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        'stripe-signature': FakeStripe.signature(body),
      };
      const response = await fetch(url, { method: 'POST', headers, body });
      await response.arrayBuffer();
      statuses.push(response.status);
    }
    return statuses;
  }

  private async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const { pathname, search } = new URL(request.url!, this.url);
    const call = { method: request.method!, path: pathname, idempotencyKey: keyOf(request) };
    this.calls.push(call);
    const fault = this.faultFor(`${call.method} ${pathname}`);
    if (fault?.drop === 'before') return void request.socket.destroy();
    const answer = fault?.status
      ? failure(new FakeError(fault.status, { type: 'api_error' }))
      : await this.once(call, search + body, async () => {
          if (fault?.delayMs) await wait(fault.delayMs);
          await fault?.until?.();
          return this.work(request, parseForm(body || search.slice(1)), pathname);
        });
    if (fault?.drop === 'after') return void request.socket.destroy();
    const headers = { 'content-type': 'application/json', 'request-id': newStripeId('req') };
    response.writeHead(answer.status, headers).end(answer.body);
  }

  /** Runs the work of an idempotency key once. A refused parameter is not remembered, as at Stripe. */
  private async once(
    { path, idempotencyKey }: Call,
    body: string,
    work: () => Promise<{ status: number; body: string; executed: boolean }>,
  ): Promise<{ status: number; body: string }> {
    if (idempotencyKey === null) return work();
    const request = `${path} ${body}`;
    const known = this.remembered.get(idempotencyKey);
    if (known && known.request !== request) return failure(new FakeError(400, { type: 'idempotency_error' }));
    if (known?.answer === null)
      return failure(new FakeError(409, { type: 'idempotency_error', code: 'idempotency_key_in_use' }));
    if (known?.answer) return known.answer;
    const entry: Remembered = { request, answer: null };
    this.remembered.set(idempotencyKey, entry);
    const answer = await work();
    if (answer.executed) entry.answer = answer;
    else this.remembered.delete(idempotencyKey);
    return answer;
  }

  private async work(
    request: http.IncomingMessage,
    given: Parameters,
    path: string,
  ): Promise<{ status: number; body: string; executed: boolean }> {
    const refused = (error: FakeError) => ({ ...failure(error), executed: false });
    if (request.headers.authorization !== `Bearer ${STRIPE_SECRET_KEY}`)
      return refused(new FakeError(401, { type: 'invalid_request_error', code: 'api_key_expired' }));
    const named = `${request.method} ${path}`;
    const route = ROUTES.find(({ on }) => on.test(named));
    if (!route) return refused(new FakeError(404, { type: 'invalid_request_error', code: 'url_invalid' }));
    const [wrong] = wrongParameters(...route.parameters, given);
    if (wrong) return refused(new FakeError(400, { type: 'invalid_request_error', ...wrong }));
    try {
      const result = route.run(this.account, route.on.exec(named)!.slice(1), given);
      return { status: 200, body: JSON.stringify(result), executed: true };
    } catch (error) {
      if (!(error instanceof FakeError)) throw error;
      return { ...failure(error), executed: true };
    }
  }

  private faultFor(named: string): Fault | undefined {
    const index = this.faults.findIndex(({ on }) => on.test(named));
    return index < 0 ? undefined : this.faults.splice(index, 1)[0];
  }
}

const keyOf = ({ headers }: http.IncomingMessage): string | null => {
  const key = headers['idempotency-key'];
  return typeof key === 'string' ? key : null;
};

const failure = ({ status, error }: FakeError): { status: number; body: string } => ({
  status,
  body: JSON.stringify({ error: { message: 'Answered by the fake.', ...error } }),
});
