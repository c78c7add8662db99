import { Injectable } from '@nestjs/common';
import { type Actor, Clock, DomainError, newId, notFound, type Page, type PageRequest, toPage } from '@app/kernel';
import { Events, type EventType } from '@app/events';
import { Database, isUniqueViolation } from '@app/platform';
import { AddOnsRepository } from './add-ons.repository.js';
import { CatalogReader } from './catalog-reader.js';
import { checkAddOn, type RawAddOn } from './domain/add-on.js';
import type { AddOn, AddOnContent, Feature } from './domain/catalog.js';
import { type Changes, noChanges } from './domain/catalog-document.js';
import { checkKey, sameContent } from './domain/plan-content.js';
import { ProductsRepository } from './products.repository.js';

/** An add-on in a request or a document. */
export interface NewAddOn extends RawAddOn {
  key: string;
}

/** Add-ons of products: entitlements that are added to the plan of a subscription. */
@Injectable()
export class AddOnsService {
  constructor(
    private readonly addOns: AddOnsRepository,
    private readonly products: ProductsRepository,
    private readonly reader: CatalogReader,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /**
   * Lists the active add-ons of a product, newest first.
   * @throws DomainError `product_not_found`
   * @example await addOns.list('api', { after: null, limit: 20 })
   */
  async list(productKey: string, page: PageRequest): Promise<Page<AddOn>> {
    const { id } = await this.reader.getProduct(productKey);
    return toPage(await this.addOns.list(id, page), page.limit);
  }

  /** One active add-on. @throws DomainError `add_on_not_found`, `product_not_found` */
  async get(productKey: string, key: string): Promise<AddOn> {
    return this.getActive((await this.reader.getProduct(productKey)).id, key);
  }

  /** One active add-on of a product by id. @throws DomainError `add_on_not_found` */
  async getActive(productId: string, key: string): Promise<AddOn> {
    const addOn = await this.addOns.find(productId, key);
    if (!addOn || addOn.archivedAt) throw notFound('add_on');
    return addOn;
  }

  /**
   * Creates an add-on.
   * @throws DomainError `add_on_exists`, `product_not_found`, `invalid_fields`
   * @example
   * const entitlements = [{ feature: 'seats', type: 'metered', limit: 5, window: 'none', overage: 'deny' }];
   * await addOns.create('api', { key: 'five-seats', name: 'Five seats', entitlements }, actor);
   */
  async create(productKey: string, input: NewAddOn, actor: Actor): Promise<AddOn> {
    checkKey(input.key);
    const { id: productId } = await this.reader.getProduct(productKey);
    try {
      return await this.database.transaction(async () => {
        await this.products.lockProduct(productKey);
        return this.insert(productId, input.key, checkAddOn(input, await this.featuresOf(productId)), actor);
      });
    } catch (error) {
      if (isUniqueViolation(error, 'add_ons_key_unique'))
        throw new DomainError('conflict', 'add_on_exists', 'This key is in use; choose another key.');
      throw error;
    }
  }

  /**
   * Changes or archives an add-on. Subscriptions that have it keep what they were sold.
   * @throws DomainError `add_on_not_found`, `product_not_found`, `invalid_fields`
   */
  async update(
    productKey: string,
    key: string,
    { archived, ...changes }: Partial<RawAddOn> & { archived?: true },
    actor: Actor,
  ): Promise<AddOn> {
    const { id: productId } = await this.reader.getProduct(productKey);
    return this.database.transaction(async () => {
      await this.products.lockProduct(productKey);
      const stored = await this.getActive(productId, key);
      if (archived) return this.archive(stored, actor);
      const raw = { ...rawAddOn(stored), ...given(changes) };
      return this.replace(stored, checkAddOn(raw, await this.featuresOf(productId)), actor);
    });
  }

  /** The active add-ons of a product in the form of a document. */
  async read(productId: string): Promise<NewAddOn[]> {
    const stored = await this.addOns.ofProduct(productId);
    return stored.filter(({ archivedAt }) => !archivedAt).map((addOn) => ({ key: addOn.key, ...rawAddOn(addOn) }));
  }

  /** Replaces the add-ons of a product by those of a document; missing ones are archived. Needs a transaction. */
  async apply(productId: string, wanted: NewAddOn[], actor: Actor): Promise<Changes> {
    const features = await this.featuresOf(productId);
    const stored = new Map((await this.addOns.ofProduct(productId)).map((addOn) => [addOn.key, addOn]));
    const changes = noChanges();
    for (const [index, raw] of wanted.entries()) {
      const content = checkAddOn(raw, features, `addOns.${index}.`);
      const known = stored.get(raw.key);
      if (known && !known.archivedAt && sameContent(contentOf(known), content)) {
        changes.unchanged.push(raw.key);
        continue;
      }
      if (known) await this.replace(known, content, actor);
      else await this.insert(productId, raw.key, content, actor);
      changes[known ? 'updated' : 'created'].push(raw.key);
    }
    const kept = new Set(wanted.map(({ key }) => key));
    for (const addOn of stored.values()) {
      if (kept.has(addOn.key) || addOn.archivedAt) continue;
      await this.archive(addOn, actor);
      changes.archived.push(addOn.key);
    }
    return changes;
  }

  private async insert(productId: string, key: string, content: AddOnContent, actor: Actor): Promise<AddOn> {
    const now = this.clock.now();
    const addOn: AddOn = { ...content, id: newId(), productId, key, archivedAt: null, createdAt: now, updatedAt: now };
    await this.addOns.insert(addOn);
    await this.record('add_on.created', null, addOn, actor);
    return addOn;
  }

  private replace(stored: AddOn, content: AddOnContent, actor: Actor): Promise<AddOn> {
    return this.save('add_on.updated', stored, { ...stored, ...content, archivedAt: null }, actor);
  }

  private archive(stored: AddOn, actor: Actor): Promise<AddOn> {
    return this.save('add_on.archived', stored, { ...stored, archivedAt: this.clock.now() }, actor);
  }

  private async save(type: EventType, before: AddOn, changed: AddOn, actor: Actor): Promise<AddOn> {
    const after = { ...changed, updatedAt: this.clock.now() };
    await this.addOns.update(after);
    await this.record(type, before, after, actor);
    return after;
  }

  private async featuresOf(productId: string): Promise<Map<string, Feature>> {
    return new Map((await this.products.featuresOf(productId)).map((feature) => [feature.key, feature]));
  }

  private record(type: EventType, before: AddOn | null, after: AddOn, actor: Actor): Promise<void> {
    const { id, productId } = after;
    const subject = { type: 'add_on', id };
    return this.events.record({
      type,
      subject,
      productId,
      actor,
      before: before && eventPayload(before),
      after: eventPayload(after),
    });
  }
}

const given = <T extends object>(changes: T): Partial<T> =>
  Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as Partial<T>;

const contentOf = ({ name, description, prices, entitlements }: AddOn): AddOnContent => ({
  name,
  description,
  prices,
  entitlements,
});

/** An add-on in the form of requests. */
export function rawAddOn({ name, description, prices, entitlements }: AddOnContent): RawAddOn {
  return {
    name,
    description,
    prices,
    entitlements: entitlements.map(({ feature, terms: { type, ...terms } }) => ({ feature, type, ...terms })),
  };
}

const eventPayload = (addOn: AddOn): object => ({
  key: addOn.key,
  ...rawAddOn(addOn),
  archivedAt: addOn.archivedAt,
});
