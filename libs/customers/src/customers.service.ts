import { Injectable } from '@nestjs/common';
import { type Actor, DomainError, notFound } from '@app/kernel';
import { Events, type EventType } from '@app/events';
import { Database, isUniqueViolation } from '@app/platform';
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

/** Input of `create`. The first subscription must be inserted in the same transaction. */
export interface NewCustomer extends CustomerProfile {
  id: string;
  key: string;
  firstSubscriptionId: string;
  testClockId?: string;
}

const DEFAULT_TIMEZONE = 'UTC';

/** Customers: lookup by key or id, create, update, lock and erase. */
@Injectable()
export class CustomersService {
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
  keysOf(ids: string[]): Promise<Map<string, string>> {
    return this.customers.keysOf([...new Set(ids)]);
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
   * Inserts the customer and records `customer.created`. Needs a transaction: a deferred foreign key rejects the commit
   * unless that transaction inserts the first subscription too.
   * @throws DomainError `customer_exists`, `invalid_fields`, `test_clock_not_found`
   * @example await customers.create({ id: newId(), key: 'acme', firstSubscriptionId }, actor)
   */
  async create(input: NewCustomer, actor: Actor): Promise<Customer> {
    checkCustomerKey(input.key);
    checkProfile(input);
    if (input.testClockId !== undefined && !(await this.clocks.keep(input.testClockId))) throw notFound('test_clock');
    const now = await this.time.of({ testClockId: input.testClockId ?? null });
    const customer: Customer = {
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
    try {
      await this.customers.insert(customer);
    } catch (error) {
      if (isUniqueViolation(error, 'customers_key_unique'))
        throw new DomainError('conflict', 'customer_exists', 'A customer with this key already exists.');
      throw error;
    }
    await this.record('customer.created', customer, null, customerEventPayload(customer), actor);
    return customer;
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
      await this.record(
        'customer.updated',
        customer,
        customerEventPayload(customer),
        customerEventPayload(updated),
        actor,
      );
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
    await this.record('customer.deleted', customer, null, null, actor);
  }

  private async record(
    type: EventType,
    customer: Customer,
    before: object | null,
    after: object | null,
    actor: Actor,
  ): Promise<void> {
    const at = await this.time.of(customer);
    await this.events.record({
      type,
      subject: { type: 'customer', id: customer.id },
      customerId: customer.id,
      productId: null,
      actor,
      before,
      after,
      at,
    });
  }
}

function customerNotFound(): never {
  throw notFound('customer');
}
