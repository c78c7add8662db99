import { type Actor, type Clock, DomainError, newId, notFound, type Page, type PageRequest, toPage } from '@app/kernel';
import { type Events, type EventType } from '@app/events';
import { type Database, isUniqueViolation } from '@app/platform';
import type { CatalogItem, CatalogItemsRepository } from './catalog-items.repository.js';
import { type CatalogReader } from './catalog-reader.js';
import { type Changes, noChanges } from './domain/catalog-document.js';
import { checkKey, sameContent } from './domain/plan-content.js';
import { type ProductsRepository } from './products.repository.js';

/**
 * Items of a product that have a key and content, such as coupons: commands one by one, and by the list of a document.
 */
export abstract class CatalogItemsService<
  Raw extends object,
  Content extends object,
  Item extends CatalogItem & Content,
  Context,
> {
  /** As in codes of errors and types of events. */
  protected abstract readonly noun: 'add_on' | 'coupon' | 'tax_rate';
  /** Prefix of the fields of an item of a document. */
  protected abstract readonly listName: string;

  protected abstract readonly rows: CatalogItemsRepository<Item, CatalogItem>;
  protected abstract readonly products: ProductsRepository;
  protected abstract readonly reader: CatalogReader;
  protected abstract readonly database: Database;
  protected abstract readonly events: Events;
  protected abstract readonly clock: Clock;

  /** The parts of the product that content is checked against. */
  protected abstract contextOf(productId: string): Promise<Context>;
  /** @throws DomainError `invalid_fields` */
  protected abstract check(raw: Raw, context: Context, path?: string): Content;
  /** Content in the form of requests, in which it is compared and published too. */
  protected abstract rawOf(content: Content): Raw;
  protected abstract created(item: CatalogItem, content: Content): Item;

  /** Refuses a change that the present state of the item does not admit. By default every change is possible. */
  protected assertAdmits(_stored: Item, _content: Content): void {}

  /**
   * Lists the active items of a product, newest first.
   * @throws DomainError `product_not_found`
   * @example await coupons.list('api', { after: null, limit: 20 })
   */
  async list(productKey: string, page: PageRequest): Promise<Page<Item>> {
    const { id } = await this.reader.getProduct(productKey);
    return toPage(await this.rows.list(id, page), page.limit);
  }

  /** One active item. @throws DomainError `<noun>_not_found`, `product_not_found` */
  async get(productKey: string, key: string): Promise<Item> {
    return this.getActive((await this.reader.getProduct(productKey)).id, key);
  }

  /** One active item of a product by id. @throws DomainError `<noun>_not_found` */
  async getActive(productId: string, key: string): Promise<Item> {
    return this.active(await this.rows.find(productId, key));
  }

  /**
   * Creates an item.
   * @throws DomainError `<noun>_exists`, `product_not_found`, `invalid_fields`
   * @example await coupons.create('api', { key: 'launch', name: 'Launch', percentOff: '20' }, actor);
   */
  async create(productKey: string, { key, ...raw }: Raw & { key: string }, actor: Actor): Promise<Item> {
    checkKey(key);
    const { id: productId } = await this.reader.getProduct(productKey);
    try {
      return await this.change(async () => {
        await this.products.lockProduct(productKey);
        const content = this.check(raw as unknown as Raw, await this.contextOf(productId));
        return this.insert(productId, key, content, actor);
      });
    } catch (error) {
      if (isUniqueViolation(error, `${this.noun}s_key_unique`))
        throw new DomainError('conflict', `${this.noun}_exists`, 'This key is in use; choose another key.');
      throw error;
    }
  }

  /**
   * Changes or archives an item; fields that are left out stay.
   * @throws DomainError `<noun>_not_found`, `product_not_found`, `invalid_fields`
   */
  async update(
    productKey: string,
    key: string,
    { archived, ...changes }: Partial<Raw> & { archived?: true },
    actor: Actor,
  ): Promise<Item> {
    const { id: productId } = await this.reader.getProduct(productKey);
    return this.change(async () => {
      await this.products.lockProduct(productKey);
      const stored = this.active(await this.rows.lock(productId, key));
      if (archived) return this.archive(stored, actor);
      const raw = { ...this.rawOf(stored), ...given(changes) };
      return this.replace(stored, this.check(raw, await this.contextOf(productId)), actor);
    });
  }

  /** The active items of a product in the form of a document. */
  async read(productId: string): Promise<({ key: string } & Raw)[]> {
    const stored = await this.rows.ofProduct(productId);
    return stored.filter(({ archivedAt }) => !archivedAt).map((item) => ({ key: item.key, ...this.rawOf(item) }));
  }

  /** Replaces the items of a product by those of a document; missing ones are archived. Needs a transaction. */
  async apply(productId: string, wanted: (Raw & { key: string })[], actor: Actor): Promise<Changes> {
    const context = await this.contextOf(productId);
    const stored = new Set((await this.rows.ofProduct(productId)).map(({ key }) => key));
    const changes = noChanges();
    for (const [index, { key, ...raw }] of wanted.entries()) {
      const content = this.check(raw as unknown as Raw, context, `${this.listName}.${index}.`);
      const known = stored.has(key) ? await this.rows.lock(productId, key) : null;
      if (known && !known.archivedAt && sameContent(this.rawOf(known), this.rawOf(content))) {
        changes.unchanged.push(key);
        continue;
      }
      if (known) await this.replace(known, content, actor);
      else await this.insert(productId, key, content, actor);
      changes[known ? 'updated' : 'created'].push(key);
    }
    const kept = new Set(wanted.map(({ key }) => key));
    for (const item of await this.rows.ofProduct(productId)) {
      if (kept.has(item.key) || item.archivedAt) continue;
      await this.archive(item, actor);
      changes.archived.push(item.key);
    }
    return changes;
  }

  private async change<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.database.transaction(work);
    } finally {
      await this.reader.invalidate();
    }
  }

  private async insert(productId: string, key: string, content: Content, actor: Actor): Promise<Item> {
    const now = this.clock.now();
    const item = this.created(
      { id: newId(), productId, key, archivedAt: null, createdAt: now, updatedAt: now },
      content,
    );
    await this.rows.insert(item);
    await this.record(`${this.noun}.created`, null, item, actor);
    return item;
  }

  private replace(stored: Item, content: Content, actor: Actor): Promise<Item> {
    this.assertAdmits(stored, content);
    return this.save(`${this.noun}.updated`, stored, { ...stored, ...content, archivedAt: null }, actor);
  }

  private archive(stored: Item, actor: Actor): Promise<Item> {
    return this.save(`${this.noun}.archived`, stored, { ...stored, archivedAt: this.clock.now() }, actor);
  }

  private async save(type: EventType, before: Item, changed: Item, actor: Actor): Promise<Item> {
    const after = { ...changed, updatedAt: this.clock.now() };
    await this.rows.update(after);
    await this.record(type, before, after, actor);
    return after;
  }

  private active(item: Item | null): Item {
    if (!item || item.archivedAt) throw notFound(this.noun);
    return item;
  }

  private record(type: EventType, before: Item | null, after: Item, actor: Actor): Promise<void> {
    const { id, productId } = after;
    const state = (item: Item): object => ({
      key: item.key,
      ...this.rawOf(item),
      archivedAt: item.archivedAt,
    });
    return this.events.record({
      type,
      subject: { type: this.noun, id },
      productId,
      actor,
      before: before && state(before),
      after: state(after),
    });
  }
}

const given = <T extends object>(changes: T): Partial<T> =>
  Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as Partial<T>;
