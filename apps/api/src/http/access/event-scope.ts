import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { type AccessScope, type ScopeFilter } from '@app/kernel';
import { MembersService } from '@app/subscriptions';

/** Events of one product, of one customer, or both, by key. */
export interface EventSelection {
  product?: string;
  customer?: string;
}

/** Narrows a caller's scope to the product and customer of a query for events. */
@Injectable()
export class EventScope {
  constructor(
    private readonly catalog: CatalogReader,
    private readonly members: MembersService,
  ) {}

  /** @throws DomainError `product_not_allowed`, `product_not_found`, `customer_not_found` */
  async narrow({ product, customer }: EventSelection, scope: AccessScope): Promise<ScopeFilter> {
    const key = scope.productNamed(product);
    const productId = key === undefined ? null : (await this.catalog.getProduct(key)).id;
    const narrowed = scope.narrowedTo({ productId });
    if (customer === undefined) return narrowed;
    const { id: customerId } = await this.members.getInScope(customer, narrowed);
    return { ...narrowed, customerId };
  }
}
