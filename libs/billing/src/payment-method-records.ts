import { Injectable } from '@nestjs/common';
import { type Customer, CustomersService, CustomerTime } from '@app/customers';
import { Events, type EventType } from '@app/events';
import { type Actor, DomainError, newId, notFound, SYSTEM_ACTOR } from '@app/kernel';
import { Database } from '@app/platform';
import type { PaymentMethod, ProviderName } from './domain/payment.js';
import { OverdueCollection } from './overdue-collection.js';
import { PaymentAccountsRepository } from './payment-accounts.repository.js';
import { PaymentMethodsRepository } from './payment-methods.repository.js';
import type { ProviderMethod } from './payment-provider.js';

/** Days before the end of its last month that the expiry of a card is announced. */
const EXPIRY_NOTICE_DAYS = 30;
const DAY_MS = 86_400_000;
const BATCH = 100;

/** Stores payment methods and their events, each change in one transaction under the lock of the customer. */
@Injectable()
export class PaymentMethodRecords {
  constructor(
    private readonly methods: PaymentMethodsRepository,
    private readonly accounts: PaymentAccountsRepository,
    private readonly customers: CustomersService,
    private readonly time: CustomerTime,
    private readonly database: Database,
    private readonly events: Events,
    private readonly overdue: OverdueCollection,
  ) {}

  /**
   * Brings a method to the state that the provider has: added, renewed or detached. Repeating it changes nothing, and a
   * detached method stays detached.
   * @returns `unknown` when no customer of this service has it
   */
  async synchronize(
    provider: ProviderName,
    providerId: string,
    current: ProviderMethod | null,
  ): Promise<'applied' | 'unchanged' | 'unknown'> {
    const known = await this.methods.findByProvider(provider, providerId);
    const account = current?.account ?? null;
    const customerId = known?.customerId ?? (account && (await this.accounts.customerOf(provider, account))) ?? null;
    if (!customerId) return account === null && current ? 'unchanged' : 'unknown';
    return this.change(customerId, async (customer) => {
      // Under the lock: another event may have changed it since.
      const stored = await this.methods.findByProvider(provider, providerId);
      if (stored?.detachedAt) return 'unchanged';
      if (!account || !current) return stored ? this.detach(customer, stored, SYSTEM_ACTOR) : 'unchanged';
      return stored ? this.renew(customer, stored, current) : this.add(customer, provider, current);
    });
  }

  /**
   * Detaches a method; the most recent of the others becomes the default.
   * @throws DomainError `payment_method_not_found`
   */
  async remove(customerId: string, id: string, actor: Actor): Promise<void> {
    await this.change(customerId, async (customer) => {
      const method = await this.methods.find(customerId, id);
      if (!method) throw notFound('payment_method');
      return this.detach(customer, method, actor);
    });
  }

  /** Makes a method the default of its customer. @throws DomainError `payment_method_not_found` */
  async setDefault(customerId: string, id: string, actor: Actor): Promise<PaymentMethod> {
    return this.change(customerId, async (customer) => {
      const method = await this.methods.find(customerId, id);
      if (!method) throw notFound('payment_method');
      if (method.isDefault) return method;
      return this.makeDefault(customer, method, actor);
    });
  }

  /**
   * Announces a batch of cards that expire within 30 days, each once, by the time of their customers.
   * @returns the number of cards
   */
  async announceExpiring(): Promise<number> {
    return this.database.transaction(async () => {
      const until = new Date(this.time.real().getTime() + EXPIRY_NOTICE_DAYS * DAY_MS);
      const due = [
        ...(await this.methods.lockExpiring(until, BATCH)),
        ...(await this.methods.lockExpiringOnClocks(EXPIRY_NOTICE_DAYS, BATCH)),
      ];
      for (const method of due) {
        const customer = await this.customers.getById(method.customerId);
        await this.methods.markNotified(method, await this.time.of(customer));
        await this.record('payment_method.expiring', customer, SYSTEM_ACTOR, { method, after: method });
      }
      return due.length;
    });
  }

  /**
   * Erases the payment methods of a customer: they are never charged again, and their last digits are gone. A worker
   * deletes the customer at its providers. Needs a transaction that holds the lock of the customer.
   */
  async erase(customerId: string): Promise<void> {
    await this.methods.erase(customerId, this.time.real());
    await this.accounts.requestDeletion(customerId, this.time.real());
  }

  private async add(customer: Customer, provider: ProviderName, given: ProviderMethod): Promise<'applied'> {
    const { providerId, type, brand, last4, expiresMonth, expiresYear } = given;
    const isDefault = (await this.methods.findDefault(customer.id)) === null;
    const details = { provider, providerId, type, brand, last4, expiresMonth, expiresYear };
    const createdAt = await this.time.of(customer);
    const method = { ...details, customerId: customer.id, id: newId(), isDefault, createdAt, detachedAt: null };
    await this.methods.insert(method);
    await this.record('payment_method.added', customer, SYSTEM_ACTOR, { method, after: method });
    return 'applied';
  }

  private async renew(
    customer: Customer,
    stored: PaymentMethod,
    { brand, last4, expiresMonth, expiresYear }: ProviderMethod,
  ): Promise<'applied' | 'unchanged'> {
    const after = { ...stored, brand, last4, expiresMonth, expiresYear };
    if (JSON.stringify(payloadOf(after)) === JSON.stringify(payloadOf(stored))) return 'unchanged';
    await this.methods.renew(after);
    await this.record('payment_method.updated', customer, SYSTEM_ACTOR, { method: stored, before: stored, after });
    return 'applied';
  }

  private async detach(customer: Customer, method: PaymentMethod, actor: Actor): Promise<'applied'> {
    await this.methods.detach(method, await this.time.of(customer));
    await this.record('payment_method.removed', customer, actor, { method, before: method });
    const [next] = method.isDefault ? await this.methods.list(customer.id, { after: null, limit: 1 }) : [];
    if (next) await this.makeDefault(customer, next, actor);
    return 'applied';
  }

  private async makeDefault(customer: Customer, method: PaymentMethod, actor: Actor): Promise<PaymentMethod> {
    const after = { ...method, isDefault: true };
    await this.methods.setDefault(customer.id, method.id);
    await this.record('payment_method.default_changed', customer, actor, { method, before: method, after });
    return after;
  }

  /** Runs a change under the lock of the customer; overdue invoices are collected with another method soon after it. */
  private change<T>(customerId: string, work: (customer: Customer) => Promise<T>): Promise<T> {
    return this.database.transaction(async () => {
      const invoices = await this.overdue.lockInvoices(customerId);
      const customer = await this.customers.lock(customerId);
      const before = { invoices, methods: await this.overdue.chargeable(customerId) };
      const result = await work(customer);
      await this.overdue.collectSoon(customerId, before, await this.time.of(customer));
      return result;
    });
  }

  private async record(
    type: EventType,
    customer: Customer,
    actor: Actor,
    states: { method: PaymentMethod; before?: PaymentMethod; after?: PaymentMethod },
  ): Promise<void> {
    const { method, before, after } = states;
    await this.events.record({
      type,
      subject: { type: 'payment_method', id: method.id },
      customerId: customer.id,
      customerKey: customer.key,
      productId: null,
      actor,
      before: before ? payloadOf(before) : null,
      after: after ? payloadOf(after) : null,
      at: await this.time.of(customer),
    });
  }
}

/** A method as events contain it. */
const payloadOf = ({ provider, type, brand, last4, expiresMonth, expiresYear, isDefault }: PaymentMethod): object => ({
  provider,
  type,
  brand,
  last4,
  expiresMonth,
  expiresYear,
  isDefault,
});

/** True for the error of a customer that was deleted. */
export const isDeletedCustomer = (error: unknown): boolean =>
  error instanceof DomainError && error.code === 'customer_not_found';
