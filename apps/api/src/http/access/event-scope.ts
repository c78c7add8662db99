import { Injectable } from '@nestjs/common';
import type { Principal } from '@app/auth';
import { CatalogReader } from '@app/catalog';
import { CustomersService } from '@app/customers';
import { DomainError } from '@app/kernel';
import { allowedProduct, confinedProduct } from './product-key.decorator.js';

/** Whose events are asked for, by keys. */
export interface AskedEvents {
  product?: string;
  customer?: string;
}

/** Turns what is asked for into what the caller may see of it. */
@Injectable()
export class EventScope {
  constructor(
    private readonly catalog: CatalogReader,
    private readonly customers: CustomersService,
  ) {}

  /** Null: any. @throws DomainError `product_not_allowed`, `product_not_found`, `customer_not_found` */
  async of(
    { product, customer }: AskedEvents,
    principal: Principal,
  ): Promise<{ productId: string | null; customerId: string | null }> {
    const key = product === undefined ? confinedProduct(principal) : allowedProduct(principal, product);
    const found = customer === undefined ? null : await this.customers.getByKey(customer);
    if (found && key !== null && !(await this.customers.isMember(found.id, key)))
      throw new DomainError('not_found', 'customer_not_found', 'There is no such customer.');
    return { productId: key && (await this.catalog.getProduct(key)).id, customerId: found?.id ?? null };
  }
}
