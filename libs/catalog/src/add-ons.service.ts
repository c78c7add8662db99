import { Injectable } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Events } from '@app/events';
import { Database } from '@app/platform';
import { AddOnsRepository } from './add-ons.repository.js';
import type { CatalogItem } from './catalog-items.repository.js';
import { CatalogItemsService } from './catalog-items.service.js';
import { CatalogReader } from './catalog-reader.js';
import { checkAddOn, type RawAddOn, rawAddOn } from './domain/add-on.js';
import type { AddOn, AddOnContent, Feature } from './domain/catalog.js';
import { ProductsRepository } from './products.repository.js';

/** Add-ons of products: entitlements that are added to the plan of a subscription. Subscriptions store a copy. */
@Injectable()
export class AddOnsService extends CatalogItemsService<RawAddOn, AddOnContent, AddOn, Map<string, Feature>> {
  protected readonly noun = 'add_on';
  protected readonly listName = 'addOns';

  constructor(
    protected readonly rows: AddOnsRepository,
    protected readonly products: ProductsRepository,
    protected readonly reader: CatalogReader,
    protected readonly database: Database,
    protected readonly events: Events,
    protected readonly clock: Clock,
  ) {
    super();
  }

  protected async contextOf(productId: string): Promise<Map<string, Feature>> {
    return new Map((await this.products.featuresOf(productId)).map((feature) => [feature.key, feature]));
  }

  protected check(raw: RawAddOn, features: Map<string, Feature>, path?: string): AddOnContent {
    return checkAddOn(raw, features, path);
  }

  protected rawOf(addOn: AddOnContent): RawAddOn {
    return rawAddOn(addOn);
  }

  protected created(item: CatalogItem, content: AddOnContent): AddOn {
    return { ...item, ...content };
  }
}
