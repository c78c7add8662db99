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
  customerFacts,
  type CustomerProfile,
} from './domain/customer.js';

/** A customer to be made; its first subscription is made in the same transaction. */
export interface NewCustomer extends CustomerProfile {
  id: string;
  key: string;
  firstSubscriptionId: string;
  testClockId?: string;
}

const DEFAULT_TIMEZONE = 'UTC';

@Injectable()
export class CustomersService {
  constructor(
    private readonly customers: CustomersRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly time: CustomerTime,
  ) {}

  findByKey(key: string): Promise<Customer | null> {
    return this.customers.findByKey(key);
  }

  /** @throws DomainError `customer_not_found` */
  async getByKey(key: string): Promise<Customer> {
    return (await this.customers.findByKey(key)) ?? absent();
  }

  /** @throws DomainError `customer_not_found` */
  async getById(id: string): Promise<Customer> {
    return (await this.customers.findById(id)) ?? absent();
  }

  /** The keys of customers that are known to have existed, by their ids: keys never change. */
  keysOf(ids: string[]): Promise<Map<string, string>> {
    return this.customers.keysOf([...new Set(ids)]);
  }

  /** Reads the customer and holds it for the rest of the transaction. @throws DomainError `customer_not_found` */
  async lock(id: string): Promise<Customer> {
    return (await this.customers.lock(id)) ?? absent();
  }

  /**
   * Writes the customer. The database refuses the commit unless its first subscription is written in the same transaction.
   * @throws DomainError `customer_exists`
   */
  async create(input: NewCustomer, actor: Actor): Promise<Customer> {
    checkCustomerKey(input.key);
    checkProfile(input);
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
        throw new DomainError('conflict', 'customer_exists', 'There is a customer with this key.');
      throw error;
    }
    await this.record('customer.created', customer, null, customerFacts(customer), actor);
    return customer;
  }

  /** Changes the given fields; writes nothing when none differs. @throws DomainError `customer_not_found`, `invalid_fields` */
  async update(id: string, profile: CustomerProfile, actor: Actor): Promise<Customer> {
    checkProfile(profile);
    return this.database.transaction(async () => {
      const customer = await this.lock(id);
      const changes = changedFields(customer, profile);
      if (Object.keys(changes).length === 0) return customer;
      const updated = { ...customer, ...changes, updatedAt: await this.time.of(customer) };
      await this.customers.update(id, { ...changes, updatedAt: updated.updatedAt });
      await this.record('customer.updated', customer, customerFacts(customer), customerFacts(updated), actor);
      return updated;
    });
  }

  /** Takes the personal data away and frees the key; usage, subscriptions and events stay. Belongs in the caller's transaction. */
  async forget(customer: Customer, actor: Actor): Promise<void> {
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

function absent(): never {
  throw notFound('customer');
}
