import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type Actor, DomainError, notFound } from '@app/kernel';
import { Events, type EventType, type KeyedEvent } from '@app/events';
import { type Connection, Database, isUniqueViolation } from '@app/platform';
import { CustomerTime } from './customer-time.js';
import { CustomersRepository } from './customers.repository.js';
import {
  changedFields,
  checkCustomerKey,
  checkProfile,
  type Customer,
  customerEventPayload,
  type CustomerProfile,
} from './domain/customer.js';
import { TestClocksRepository } from './test-clocks.repository.js';

/** Input of `draft`. */
export interface NewCustomer extends CustomerProfile {
  id: string;
  key: string;
  firstSubscriptionId: string;
  testClockId?: string;
}

const DEFAULT_TIMEZONE = 'UTC';
const MAX_KEYS = 50_000;

/** Customers: lookup by key or id, create, update, lock and erase. */
@Injectable()
export class CustomersService {
  /** By id. Never stale: a customer keeps its key, also when it is deleted. */
  private readonly keys = new LRUCache<string, string>({ max: MAX_KEYS });

  constructor(
    private readonly customers: CustomersRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly time: CustomerTime,
    private readonly clocks: TestClocksRepository,
  ) {}

  /**
   * The customer with this key, or null. Deleted customers are not found.
   * @example const customer = await customers.findByKey('acme')
   */
  findByKey(key: string): Promise<Customer | null> {
    return this.customers.findByKey(key);
  }

  /**
   * The customer with this key. Deleted customers are not found.
   * @throws DomainError `customer_not_found`
   * @example const { id } = await customers.getByKey('acme')
   */
  async getByKey(key: string): Promise<Customer> {
    return (await this.customers.findByKey(key)) ?? customerNotFound();
  }

  /**
   * The customer with this id. Deleted customers are not found.
   * @throws DomainError `customer_not_found`
   * @example const { key } = await customers.getById(subscription.customerId)
   */
  async getById(id: string): Promise<Customer> {
    return (await this.customers.findById(id)) ?? customerNotFound();
  }

  /**
   * Keys by id, of deleted customers too. Ids without a customer are missing in the map. Keys never change.
   * @example (await customers.keysOf([id])).get(id) // 'acme'
   */
  async keysOf(ids: string[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    const missing = new Set<string>();
    for (const id of ids) {
      const key = this.keys.get(id);
      if (key === undefined) missing.add(id);
      else found.set(id, key);
    }
    if (missing.size === 0) return found;
    for (const [id, key] of await this.customers.keysOf([...missing])) {
      found.set(id, key);
      this.keys.set(id, key);
    }
    return found;
  }

  /**
   * Customers by id, deleted ones too. Ids without a customer are missing in the map.
   * @example const customers = await this.customers.getMany(invoices.map(({ customerId }) => customerId))
   */
  async getMany(ids: string[]): Promise<Map<string, Customer>> {
    return new Map((await this.customers.findMany([...new Set(ids)])).map((customer) => [customer.id, customer]));
  }

  /**
   * Locks the customer until the transaction of the caller ends. Needs a transaction.
   * @throws DomainError `customer_not_found`
   * @example await database.transaction(async () => { const customer = await customers.lock(id); ... })
   */
  async lock(id: string): Promise<Customer> {
    return (await this.customers.lock(id)) ?? customerNotFound();
  }

  /**
   * Checks a new customer without writing it. With a test clock it needs a transaction: the clock is locked against
   * deletion.
   * @throws DomainError `invalid_fields`, `test_clock_not_found`
   * @example const customer = await customers.draft({ id: newId(), key: 'acme', firstSubscriptionId })
   */
  async draft(input: NewCustomer): Promise<Customer> {
    checkCustomerKey(input.key);
    checkProfile(input);
    if (input.testClockId !== undefined && !(await this.clocks.keep(input.testClockId))) throw notFound('test_clock');
    const now = await this.time.of({ testClockId: input.testClockId ?? null });
    return {
      id: input.id,
      key: input.key,
      name: input.name ?? null,
      email: input.email ?? null,
      region: input.region ?? null,
      deviceType: input.deviceType ?? null,
      timezone: input.timezone ?? DEFAULT_TIMEZONE,
      currency: input.currency ?? null,
      firstSubscriptionId: input.firstSubscriptionId,
      testClockId: input.testClockId ?? null,
      deletedAt: null,
      createdAt: now,
      updatedAt: now,
    };
  }

  /**
   * Inserts a draft on the connection of a transaction that inserts its first subscription too: without it, a deferred
   * foreign key rejects the commit. The caller records the event.
   * @returns the event of the creation, and the write, not awaited
   * @throws DomainError `customer_exists`, by the write
   * @example
   * await pipelined.transaction(async (connection) => {
   *   const { event, write } = customers.insert(draft, actor, connection);
   *   return { answer: draft, writes: [write, subscriptions.insert(first), events.recordAll(connection, [event])] };
   * });
   */
  insert(customer: Customer, actor: Actor, connection: Connection): { event: KeyedEvent; write: Promise<unknown> } {
    const write = this.customers.insert(customer, connection).catch((error: unknown) => {
      if (isUniqueViolation(error, 'customers_key_unique'))
        throw new DomainError('conflict', 'customer_exists', 'A customer with this key already exists.');
      throw error;
    });
    const event = {
      ...eventOf('customer.created', customer, actor, { before: null, after: customerEventPayload(customer) }),
      at: customer.createdAt,
    };
    return { event, write };
  }

  /**
   * Changes the given profile fields and records `customer.updated`. Writes nothing when no field differs.
   * @throws DomainError `customer_not_found`, `invalid_fields`
   * @example await customers.update(customer.id, { timezone: 'Europe/Berlin' }, actor)
   */
  async update(id: string, profile: CustomerProfile, actor: Actor): Promise<Customer> {
    checkProfile(profile);
    return this.database.transaction(async () => {
      const customer = await this.lock(id);
      const changes = changedFields(customer, profile);
      if (Object.keys(changes).length === 0) return customer;
      checkCustomerKey(customer.key);
      const updated = { ...customer, ...changes, updatedAt: await this.time.of(customer) };
      await this.customers.update(id, { ...changes, updatedAt: updated.updatedAt });
      const documents = { before: customerEventPayload(customer), after: customerEventPayload(updated) };
      await this.events.record({
        ...eventOf('customer.updated', customer, actor, documents),
        at: updated.updatedAt,
      });
      return updated;
    });
  }

  /**
   * Erases the personal data (name, e-mail) of a customer, deletes the customer and records `customer.deleted`.
   * Usage, subscriptions and events are kept; the key can be used again. Needs a transaction that holds the lock.
   * @example await customers.erase(await customers.lock(id), actor)
   */
  async erase(customer: Customer, actor: Actor): Promise<void> {
    const now = await this.time.of(customer);
    await this.customers.update(customer.id, { name: null, email: null, deletedAt: now, updatedAt: now });
    await this.events.record({
      ...eventOf('customer.deleted', customer, actor, { before: null, after: null }),
      at: now,
    });
  }
}

const eventOf = (
  type: EventType,
  { id, key }: Customer,
  actor: Actor,
  documents: { before: object | null; after: object | null },
): KeyedEvent => ({
  type,
  subject: { type: 'customer', id },
  customerId: id,
  customerKey: key,
  productId: null,
  productKey: null,
  actor,
  ...documents,
});

function customerNotFound(): never {
  throw notFound('customer');
}
