import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CatalogReader, PlansService } from '@app/catalog';
import { type Customer, CustomerTime } from '@app/customers';
import { DomainError, invalidField, notFound, type Page, type PageRequest, toPage } from '@app/kernel';
import { Events, type RecordedEvent } from '@app/events';
import { projectedAt, currentOf } from './domain/time.js';
import { type AllowingState, stateAt } from './domain/status-history.js';
import { isLive, type Subscription, type SubscriptionStatus } from './domain/subscription.js';
import { ProrationLinesRepository, type StoredProrationLine } from './proration-lines.repository.js';
import { StatusHistoryRepository } from './status-history.repository.js';
import {
  type HistoryFilter,
  type ListFilter,
  type SubscriptionOwner,
  SubscriptionsRepository,
} from './subscriptions.repository.js';

/** Stored statuses that due transitions may have changed by now. */
const PASSING: readonly SubscriptionStatus[] = ['trialing', 'active', 'past_due', 'canceled', 'inactive'];

export interface SubscriptionList extends Omit<ListFilter, 'testClockId' | 'planId'> {
  /** Key of their plan. */
  plan?: string;
  /** Customers on this test clock. Default: real time. */
  testClockId?: string;
  /** Only subscriptions that end without renewal within this time, earliest first. Milliseconds. */
  endingWithinMs?: number;
}

const MAX_OWNERS = 50_000;

/** Reads subscriptions with due transitions applied, whether or not a job has stored them. */
@Injectable()
export class SubscriptionsService {
  /** Never stale: a subscription keeps its customer and product, and is never deleted. */
  private readonly owners = new LRUCache<string, SubscriptionOwner>({ max: MAX_OWNERS });

  constructor(
    private readonly subscriptions: SubscriptionsRepository,
    private readonly statuses: StatusHistoryRepository,
    private readonly storedLines: ProrationLinesRepository,
    private readonly catalog: CatalogReader,
    private readonly plans: PlansService,
    private readonly events: Events,
    private readonly time: CustomerTime,
  ) {}

  /**
   * A subscription by id.
   * @throws DomainError `subscription_not_found`
   * @example const subscription = await subscriptions.getById(id);
   */
  async getById(id: string): Promise<Subscription> {
    const subscription = await this.subscriptions.findById(id);
    if (!subscription) throw notFound('subscription');
    return projectedAt(subscription, await this.time.of(subscription));
  }

  /**
   * The customer and product of a subscription.
   * @throws DomainError `subscription_not_found`
   * @example scope.assertAdmits(await subscriptions.getOwner(id), 'subscription');
   */
  async getOwner(id: string): Promise<SubscriptionOwner> {
    const known = this.owners.get(id);
    if (known) return known;
    const owner = await this.subscriptions.findOwner(id);
    if (!owner) throw notFound('subscription');
    this.owners.set(id, owner);
    return owner;
  }

  /** The current subscription of a customer on the product, live or ended; null when there never was one. */
  async findCurrent(customerId: string, productId: string): Promise<Subscription | null> {
    const subscriptions = await this.subscriptions.newest(customerId, productId);
    return subscriptions[0] ? currentOf(subscriptions, await this.time.of(subscriptions[0])) : null;
  }

  /**
   * The live subscription of a customer on the product, now or at an earlier instant.
   * @throws DomainError `no_subscription`; with an instant also `invalid_fields`
   * @example const { planKey } = await subscriptions.getLive(customer.id, product.id);
   */
  async getLive(customerId: string, productId: string, at?: Date): Promise<Subscription> {
    return live(at ? await this.findAt(customerId, productId, at) : await this.findCurrent(customerId, productId));
  }

  /**
   * The live one of a customer's subscriptions on a product, which the caller has read, newest first.
   * @throws DomainError `no_subscription`
   * @example const { planKey } = await subscriptions.liveOf(snapshot.subscriptions.get(product.id) ?? [], customer);
   */
  async liveOf(subscriptions: readonly Subscription[], customer: Pick<Customer, 'testClockId'>): Promise<Subscription> {
    return live(currentOf(subscriptions, await this.time.of(customer)));
  }

  /**
   * A subscription as of an earlier instant, from its events; without an instant, as of now.
   * @throws DomainError `subscription_not_found`, `history_not_kept`, `invalid_fields`
   * @example const then = await subscriptions.recordedAt(subscription, new Date('2026-01-31T12:00:00Z'));
   */
  async recordedAt(subscription: Subscription, at?: Date): Promise<Subscription> {
    if (!at) return subscription;
    if (at > (await this.time.of(subscription))) throw invalidField('at', 'must not be in the future');
    const then = await this.subscriptions.findAt(subscription, at);
    if (!then)
      throw new DomainError('not_found', 'subscription_not_found', 'The subscription did not exist at that instant.');
    then.planId = await this.catalog.planId(then.productId, then.planKey);
    return projectedAt(then, at);
  }

  /** Lists the subscriptions of a customer, newest first. */
  async history(
    customerId: string,
    page: PageRequest,
    { status, ...filter }: Omit<HistoryFilter, 'statuses'> & { status?: SubscriptionStatus },
  ): Promise<Page<Subscription>> {
    if (!status) return this.present(await this.subscriptions.listOfCustomer(customerId, page, filter), page.limit);
    // Due transitions may have changed the stored status, so the filter is applied to the current status again.
    const statuses = [...new Set([status, ...PASSING])];
    const found: Subscription[] = [];
    for (let after = page.after, more = true; more && found.length <= page.limit;) {
      const rows = await this.subscriptions.listOfCustomer(
        customerId,
        { after, limit: page.limit },
        { ...filter, statuses },
      );
      more = rows.length > page.limit;
      after = rows.at(-1)?.id ?? null;
      found.push(...(await this.presentAll(rows)).filter((row) => row.status === status));
    }
    return toPage(found, page.limit);
  }

  /**
   * Lists subscriptions of a product, newest first: live ones, or by stored status.
   * @throws DomainError `plan_not_found`
   * @example await subscriptions.list({ limit: 20, after: null }, { productId, status: 'past_due' });
   */
  async list(
    page: PageRequest,
    { testClockId, plan, endingWithinMs, ...filter }: SubscriptionList,
  ): Promise<Page<Subscription>> {
    if (endingWithinMs === undefined) {
      const planId = plan === undefined ? undefined : await this.plans.idOf(filter.productId, plan);
      return this.present(
        await this.subscriptions.list(page, { ...filter, planId, testClockId: testClockId ?? null }),
        page.limit,
      );
    }
    const now = await this.time.of({ testClockId: null });
    const before = new Date(now.getTime() + endingWithinMs);
    return this.present(
      await this.subscriptions.listEnding(page, {
        productId: filter.productId,
        scope: filter.scope,
        from: now,
        before,
      }),
      page.limit,
    );
  }

  /**
   * The recorded history of a customer on a product: a function from an instant to the status of the live subscription,
   * else of the newest one, with the end of its grace; null where there was none yet.
   * @example const state = (await subscriptions.statusHistory(customer.id, product.id))(occurredAt);
   */
  async statusHistory(customerId: string, productId: string): Promise<(at: Date) => AllowingState | null> {
    const changes = await this.statuses.changes(customerId, productId);
    return (at) => stateAt(changes, at);
  }

  /** Lists the events of a subscription, oldest first. */
  async timeline(id: string, page: PageRequest): Promise<Page<RecordedEvent>> {
    return toPage(await this.events.listOf(id, page), page.limit);
  }

  /** Lists its proration lines, oldest first. */
  async prorationLines(id: string, page: PageRequest): Promise<Page<StoredProrationLine>> {
    return toPage(await this.storedLines.list(id, page), page.limit);
  }

  private async findAt(customerId: string, productId: string, at: Date): Promise<Subscription | null> {
    const subscriptions = await this.subscriptions.newestAt(customerId, productId, at);
    const [newest] = subscriptions;
    if (!newest) return null;
    const then = await Promise.all(subscriptions.map((subscription) => this.recordedAt(subscription, at)));
    return currentOf(then, at);
  }

  private async present(rows: Subscription[], limit: number): Promise<Page<Subscription>> {
    return toPage(await this.presentAll(rows), limit);
  }

  private presentAll(rows: Subscription[]): Promise<Subscription[]> {
    return Promise.all(rows.map(async (row) => projectedAt(row, await this.time.of(row))));
  }
}

/** @throws DomainError `no_subscription` */
function live(current: Subscription | null): Subscription {
  if (!current || !isLive(current.status))
    throw new DomainError('not_found', 'no_subscription', 'The customer has no live subscription on this product.');
  return current;
}
