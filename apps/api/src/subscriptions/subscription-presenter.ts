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
    const [presented] = await this.many([subscription], customer);
    return presented!;
  }

  /** @param customer whose they are, if they are all of one */
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
