import { Injectable } from '@nestjs/common';
import { type AddOnContent, AddOnsService, CatalogReader } from '@app/catalog';

/** Terms of a product that commands copy to its subscriptions. */
@Injectable()
export class ProductTerms {
  constructor(
    private readonly addOns: AddOnsService,
    private readonly catalog: CatalogReader,
  ) {}

  /**
   * The present content of an add-on that is for sale.
   * @throws DomainError `add_on_not_found`
   */
  activeAddOn(productId: string, key: string): Promise<AddOnContent> {
    return this.addOns.getActive(productId, key);
  }

  /** Days that entitlements stay after a failed payment; 0 for a product that is not billed. */
  async pastDueGraceDays(productId: string): Promise<number> {
    return (await this.catalog.billingOf(productId))?.pastDueGraceDays ?? 0;
  }
}
