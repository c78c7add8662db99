import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { CustomersService } from '@app/customers';
import type { Subscription } from '@app/subscriptions';
import { SubscriptionDto } from './dto/subscription.dto.js';

/** Replaces ids with the keys that callers know. */
@Injectable()
export class SubscriptionPresenter {
  constructor(
    private readonly catalog: CatalogReader,
    private readonly customers: CustomersService,
  ) {}

  async one(subscription: Subscription, customer?: { key: string }): Promise<SubscriptionDto> {
    const [presented] = await this.many([subscription], customer);
    return presented!;
  }

  /** @param customer the owner, when all subscriptions belong to one customer */
  async many(subscriptions: Subscription[], customer?: { key: string }): Promise<SubscriptionDto[]> {
    const keys = customer ? null : await this.customers.keysOf(subscriptions.map(({ customerId }) => customerId));
    return Promise.all(
      subscriptions.map(async (subscription) =>
        SubscriptionDto.of(subscription, {
          customer: customer?.key ?? keys!.get(subscription.customerId)!,
          product: await this.catalog.productKey(subscription.productId),
        }),
      ),
    );
  }
}
