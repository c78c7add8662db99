import { Injectable } from '@nestjs/common';
import { In, LessThan, LessThanOrEqual, MoreThanOrEqual, type FindOptionsWhere } from 'typeorm';
import type { PageRequest } from '@app/kernel';
import { Database } from '@app/platform';
import { LIVE_STATUSES, type Subscription, type SubscriptionStatus } from './domain/subscription.js';
import { SubscriptionEntity } from './subscription.entity.js';

/** What a history may be narrowed to; instants bound `createdAt`, `from` inclusive and `to` exclusive. */
export interface HistoryFilter {
  status?: SubscriptionStatus;
  productId?: string;
  from?: Date;
  to?: Date;
}

/** What a list of live subscriptions may be narrowed to; the ends are those of contracts that will not renew. */
export interface LiveFilter {
  productId?: string;
  customerId?: string | null;
  endingFrom?: Date;
  endingBefore?: Date;
}

@Injectable()
export class SubscriptionsRepository {
  constructor(private readonly database: Database) {}

  findById(id: string): Promise<Subscription | null> {
    return this.database.manager.findOneBy(SubscriptionEntity, { id });
  }

  /** The customer's newest contract on the product, over or not: if one is live, it is this one. */
  async findLatest(customerId: string, productId: string): Promise<Subscription | null> {
    const [latest] = await this.database.manager.find(SubscriptionEntity, { where: { customerId, productId }, order: { id: 'DESC' }, take: 1 });
    return latest ?? null;
  }

  liveOf(customerId: string): Promise<Subscription[]> {
    return this.database.manager.findBy(SubscriptionEntity, { customerId, status: In([...LIVE_STATUSES]) });
  }

  /** Reads a subscription and holds it until the transaction ends. */
  lock(customerId: string, id: string): Promise<Subscription | null> {
    return this.database.writer.findOne(SubscriptionEntity, { where: { customerId, id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Takes due subscriptions that no other worker holds, longest overdue first. */
  lockDue(now: Date, limit: number): Promise<Subscription[]> {
    return this.database.writer.find(SubscriptionEntity, {
      where: { status: In([...LIVE_STATUSES]), currentPeriodEnd: LessThanOrEqual(now) },
      order: { currentPeriodEnd: 'ASC' },
      take: limit,
      lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
    });
  }

  /** Newest first. */
  listOfCustomer(customerId: string, page: PageRequest, filter: HistoryFilter): Promise<Subscription[]> {
    const query = this.database.manager
      .createQueryBuilder(SubscriptionEntity, 's')
      .where('s.customerId = :customerId', { customerId })
      .orderBy('s.id', 'DESC')
      .limit(page.limit + 1);
    if (page.after) query.andWhere('s.id < :after', { after: page.after });
    if (filter.status) query.andWhere('s.status = :status', { status: filter.status });
    if (filter.productId) query.andWhere('s.productId = :productId', { productId: filter.productId });
    if (filter.from) query.andWhere('s.createdAt >= :from', { from: filter.from });
    if (filter.to) query.andWhere('s.createdAt < :to', { to: filter.to });
    return query.getMany();
  }

  /** Live subscriptions, newest first; with `endingBefore` those whose contract ends by then. */
  list(page: PageRequest, filter: LiveFilter): Promise<Subscription[]> {
    const where: FindOptionsWhere<SubscriptionEntity> = { status: In([...LIVE_STATUSES]) };
    const query = this.database.manager.createQueryBuilder(SubscriptionEntity, 's').where(where).orderBy('s.id', 'DESC').limit(page.limit + 1);
    if (page.after) query.andWhere({ id: LessThan(page.after) });
    if (filter.productId) query.andWhere({ productId: filter.productId });
    if (filter.customerId) query.andWhere({ customerId: filter.customerId });
    if (filter.endingFrom) query.andWhere({ currentPeriodEnd: MoreThanOrEqual(filter.endingFrom) });
    if (filter.endingBefore) {
      query.andWhere({ currentPeriodEnd: LessThanOrEqual(filter.endingBefore) }).andWhere('(s.cancelAtPeriodEnd or not s.autoRenew)');
    }
    return query.getMany();
  }

  /** True when the customer has had a trial on the product. */
  hadTrial(customerId: string, productId: string): Promise<boolean> {
    return this.database.manager
      .createQueryBuilder(SubscriptionEntity, 's')
      .where('s.customerId = :customerId and s.productId = :productId and s.trialEnd is not null', { customerId, productId })
      .getExists();
  }

  async insert(subscription: Subscription): Promise<void> {
    await this.database.writer.insert(SubscriptionEntity, subscription);
  }

  async update(subscription: Subscription): Promise<void> {
    const { customerId, id, ...columns } = subscription;
    await this.database.writer.update(SubscriptionEntity, { customerId, id }, columns);
  }
}
