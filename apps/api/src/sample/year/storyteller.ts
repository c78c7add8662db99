import type { SampleAccounts } from './accounts.js';
import { type Life, PRODUCT } from './lives.js';
import { type PastService, RefusedStep } from './past-service.js';
import { Random } from './random.js';
import { daysAfter } from './span.js';
import type { CardStep, Doer, RequestStep, Step } from './step.js';

const NAME = /\{(\w+)\}/;
/** Before the last weeks usage is recorded on these days of the week only, to keep the sample small. */
const SPARSE_DAYS = [1, 4];

/** Makes the steps of the story happen. */
export class Storyteller {
  private readonly subscriptions = new Map<string, string>();

  constructor(
    private readonly service: PastService,
    private readonly accounts: SampleAccounts,
  ) {}

  /**
   * A step that conflicts with the state is left out: months differ in length, so no year is exactly like another.
   * @param key names the step, so that it happens once although the load is interrupted and repeated
   * @returns why it was left out; null when it has happened
   */
  async tell(step: Step, key: string): Promise<string | null> {
    this.service.moveTo(step.at);
    try {
      await ('card' in step ? this.storeCard(step, key) : this.request(step, key));
      return null;
    } catch (error) {
      if (error instanceof RefusedStep && (error.status === 404 || error.status === 409)) return error.message;
      throw error;
    }
  }

  /** The usage of a day, at hours of work. It is recorded in one request. */
  async use(lives: Life[], day: { number: number; start: Date; dense: boolean }): Promise<void> {
    if (!day.dense && !SPARSE_DAYS.includes(day.start.getUTCDay())) return;
    const random = new Random(day.number);
    const weekend = [0, 6].includes(day.start.getUTCDay()) ? 0.3 : 1;
    const events = lives
      .filter(({ startsAt, until }) => startsAt < day.start && until > daysAfter(day.start, 1))
      .flatMap(({ company: { key }, requests }) =>
        [0, 1].map((nth) => ({
          id: `${key}-${day.number}-${nth}`,
          customer: key,
          feature: 'requests',
          quantity: Math.ceil(requests * weekend * (0.5 + random.next()) * (day.dense ? 0.5 : 1.75)),
          occurredAt: daysAfter(day.start, (7 + nth * 6 + random.between(0, 5)) / 24).toISOString(),
        })),
      );
    if (events.length > 0)
      await this.call({ method: 'POST', path: '/v1/usage/events', body: { product: PRODUCT, events } });
  }

  private async request(step: RequestStep, key: string): Promise<void> {
    const at = await this.resolved(step);
    await this.call({ ...step, path: at, key });
  }

  private async storeCard({ customer, card, by }: CardStep, key: string): Promise<void> {
    const base = `/v1/customers/${customer}/payment-methods`;
    const setup = await this.call({
      method: 'POST',
      path: `${base}/setup`,
      by,
      key,
      body: { product: PRODUCT, returnUrl: '/' },
    });
    const page = new URL(setup['url'] as string).pathname;
    await this.call({ method: 'POST', path: page, body: { behavior: card } });
    await this.service.settleSetups();
    const { data } = await this.call({ method: 'GET', path: `${base}?limit=1`, by });
    await this.call({ method: 'PUT', path: `${base}/${data[0]!.id}/default`, by, body: {} });
  }

  /** The path of a step, with the id of the object that it names. */
  private async resolved({ path: at, customer, by }: RequestStep): Promise<string> {
    const name = NAME.exec(at)?.[1];
    if (!name) return at;
    return at.replace(
      NAME,
      await (name === 'subscription' ? this.subscriptionOf(customer, by) : this.invoiceOf(customer, name)),
    );
  }

  private async subscriptionOf(customer: string, by?: Doer): Promise<string> {
    const known = this.subscriptions.get(customer);
    if (known) return known;
    const { id } = await this.call({
      method: 'GET',
      path: `/v1/customers/${customer}/subscription?product=${PRODUCT}`,
      by,
    });
    this.subscriptions.set(customer, id);
    return id;
  }

  private async invoiceOf(customer: string, status: string): Promise<string> {
    const { data } = await this.call({
      method: 'GET',
      path: `/v1/invoices?customer=${customer}&status=${status}&limit=1`,
    });
    if (!data[0]) throw new RefusedStep(404, `${customer} has no invoice that is ${status}.`);
    return data[0].id;
  }

  private async call(request: { method: string; path: string; by?: Doer; body?: object; key?: string }) {
    const token = await this.accounts.tokenOf(request.by ?? 'backend');
    return this.service.call({ ...request, token });
  }
}
