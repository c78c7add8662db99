import { Injectable } from '@nestjs/common';
import type { Actor } from '@app/kernel';
import { AddOnsService } from './add-ons.service.js';
import { BillingSettingsService } from './billing-settings.service.js';
import { CouponsService } from './coupons.service.js';
import type { Product } from './domain/catalog.js';
import type { CatalogDifference, CatalogDocument } from './domain/catalog-document.js';
import { PortalSettingsService } from './portal-settings.service.js';
import { TaxRatesService } from './tax-rates.service.js';

/** The parts of a catalogue document that may be left out: they stay as they are then. */
@Injectable()
export class OptionalPartsService {
  constructor(
    private readonly addOns: AddOnsService,
    private readonly billing: BillingSettingsService,
    private readonly coupons: CouponsService,
    private readonly portal: PortalSettingsService,
    private readonly taxRates: TaxRatesService,
  ) {}

  /** The parts that a product has. */
  async read({ id, billing, portal }: Product): Promise<Partial<CatalogDocument>> {
    const [addOns, coupons, taxRates] = [
      await this.addOns.read(id),
      await this.coupons.read(id),
      await this.taxRates.read(id),
    ];
    return {
      ...(addOns.length > 0 ? { addOns } : {}),
      ...(billing ? { billing } : {}),
      ...(coupons.length > 0 ? { coupons } : {}),
      ...(portal ? { portal } : {}),
      ...(taxRates.length > 0 ? { taxRates } : {}),
    };
  }

  /** Makes the given parts those of the document. Needs a transaction. */
  async apply(
    { id, key }: Product,
    { addOns, billing, coupons, portal, taxRates }: CatalogDocument,
    actor: Actor,
  ): Promise<Pick<CatalogDifference, 'addOns' | 'billing' | 'coupons' | 'portal' | 'taxRates'>> {
    return {
      ...(addOns ? { addOns: await this.addOns.apply(id, addOns, actor) } : {}),
      ...(billing === undefined ? {} : { billing: await this.billing.apply(key, billing, actor) }),
      ...(coupons ? { coupons: await this.coupons.apply(id, coupons, actor) } : {}),
      ...(portal === undefined ? {} : { portal: await this.portal.apply(key, portal, actor) }),
      ...(taxRates ? { taxRates: await this.taxRates.apply(id, taxRates, actor) } : {}),
    };
  }
}
