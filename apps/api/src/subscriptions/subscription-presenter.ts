import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { CustomersService } from '@app/customers';
import type { Subscription } from '@app/subscriptions';
import { SubscriptionDto } from './dto/subscription.dto.js';

/** Puts the names that callers know in place of ids. */
@Injectable()
export class SubscriptionPresenter {
  constructor(
    private readonly catalog: CatalogReader,
    private readonly customers: CustomersService,
  ) {}

  async one(subscription: Subscription, customer?: { key: string }): Promise<SubscriptionDto> {
    const key = customer?.key ?? (await this.customers.keyOf(subscription.customerId));
    return SubscriptionDto.of(subscription, { customer: key, product: await this.catalog.productKey(subscription.productId) });
  }

  many(subscriptions: Subscription[], customer?: { key: string }): Promise<SubscriptionDto[]> {
    return Promise.all(subscriptions.map((subscription) => this.one(subscription, customer)));
  }
}
