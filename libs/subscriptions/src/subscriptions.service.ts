import { Injectable } from '@nestjs/common';
import { Clock, DomainError, type Page, type PageRequest, toPage } from '@app/kernel';
import { Events, type RecordedEvent } from '@app/platform';
import { asOf } from './domain/advance.js';
import { isLive, type Subscription } from './domain/subscription.js';
import { type HistoryFilter, SubscriptionsRepository } from './subscriptions.repository.js';

/** Reads. What comes back is always the subscription as it truly is now, whether or not a job has written it down. */
@Injectable()
export class SubscriptionsService {
  constructor(
    private readonly subscriptions: SubscriptionsRepository,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError `subscription_not_found` */
  async getById(id: string): Promise<Subscription> {
    const subscription = await this.subscriptions.findById(id);
    if (!subscription) throw new DomainError('not_found', 'subscription_not_found', 'There is no such subscription.');
    return asOf(subscription, this.clock.now());
  }

  /** The customer's newest contract on the product, live or over, or null when there never was one. */
  async findLatest(customerId: string, productId: string): Promise<Subscription | null> {
    const latest = await this.subscriptions.findLatest(customerId, productId);
    return latest && asOf(latest, this.clock.now());
  }

  /** @throws DomainError `no_subscription` */
  async getLive(customerId: string, productId: string): Promise<Subscription> {
    const latest = await this.findLatest(customerId, productId);
    if (!latest || !isLive(latest.status)) throw new DomainError('not_found', 'no_subscription', 'The customer has no live subscription on this product.');
    return latest;
  }

  /** The customer's contracts, newest first. */
  async history(customerId: string, page: PageRequest, filter: HistoryFilter): Promise<Page<Subscription>> {
    return this.present(await this.subscriptions.listOfCustomer(customerId, page, filter), page.limit);
  }

  /** Live subscriptions of all customers, newest first; `endingWithinMs` keeps those that end, unrenewed, in that time. */
  async list(page: PageRequest, filter: { productId?: string; customerId?: string | null; endingWithinMs?: number }): Promise<Page<Subscription>> {
    const now = this.clock.now();
    const { endingWithinMs, ...wanted } = filter;
    const ending = endingWithinMs === undefined ? {} : { endingFrom: now, endingBefore: new Date(now.getTime() + endingWithinMs) };
    return this.present(await this.subscriptions.list(page, { ...wanted, ...ending }), page.limit);
  }

  /** What happened to one subscription, oldest first. */
  async timeline(id: string, page: PageRequest): Promise<Page<RecordedEvent>> {
    return toPage(await this.events.listOf(id, page), page.limit);
  }

  private present(rows: Subscription[], limit: number): Page<Subscription> {
    const now = this.clock.now();
    return toPage(
      rows.map((row) => asOf(row, now)),
      limit,
    );
  }
}
