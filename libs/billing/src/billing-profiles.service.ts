import { Injectable } from '@nestjs/common';
import { type Customer, CustomersService, CustomerTime } from '@app/customers';
import { Events } from '@app/events';
import { type Actor, DomainError } from '@app/kernel';
import { Database } from '@app/platform';
import { isEmail } from '@app/users';
import { BillingProfilesRepository } from './billing-profiles.repository.js';
import {
  type BillingProfile,
  checkBillingProfile,
  defaultProfile,
  type NewBillingProfile,
  profileEventPayload,
  replacedProfile,
} from './domain/billing-profile.js';

/** How customers are addressed on invoices, taxed, and pay. */
@Injectable()
export class BillingProfilesService {
  constructor(
    private readonly profiles: BillingProfilesRepository,
    private readonly customers: CustomersService,
    private readonly time: CustomerTime,
    private readonly database: Database,
    private readonly events: Events,
  ) {}

  /**
   * The profile of a customer; defaults (its name, charged automatically) when it has stored none.
   * @example const { collection } = await profiles.get(customer);
   */
  async get(customer: Customer): Promise<BillingProfile> {
    return (await this.getMany([customer])).get(customer.id)!;
  }

  /** The profiles of several customers by their ids, in one read. */
  async getMany(customers: Customer[]): Promise<Map<string, BillingProfile>> {
    const stored = new Map(
      (await this.profiles.find(customers.map(({ id }) => id))).map((row) => [row.customerId, row]),
    );
    return new Map(
      customers.map((customer) => {
        const row = stored.get(customer.id);
        if (!row) return [customer.id, defaultProfile(customer)];
        const { profile, version, updatedAt } = row;
        return [customer.id, { ...profile, email: profile.email ?? customer.email, version, updatedAt }];
      }),
    );
  }

  /**
   * Replaces the details of a profile; terms (`taxExempt`, `collection`, `netDays`) that are left out stay. Finalized
   * invoices keep their copy.
   * @param command.expectedVersion the version that the caller has read; 0: none is stored
   * @throws DomainError `invalid_fields`, `customer_not_found`, `stale`
   * @example await profiles.put({ customerId, actor }, { name: 'Acme Ltd', taxId: 'GB123456789' });
   */
  put(
    { customerId, actor, expectedVersion }: { customerId: string; actor: Actor; expectedVersion?: number },
    input: NewBillingProfile,
  ): Promise<BillingProfile> {
    return this.database.transaction(async () => {
      const customer = await this.customers.lock(customerId);
      const before = await this.get(customer);
      if (expectedVersion !== undefined && expectedVersion !== before.version)
        throw new DomainError('stale', 'stale', 'The billing profile has changed since it was read.');
      const profile = replacedProfile(before, input);
      checkBillingProfile(profile, isEmail);
      const [version, updatedAt] = [before.version + 1, await this.time.of(customer)];
      await this.profiles.save({ customerId, profile, version, updatedAt });
      await this.events.record({
        type: 'billing_profile.updated',
        subject: { type: 'billing_profile', id: customerId },
        customerId,
        productId: null,
        actor,
        before: before.version === 0 ? null : profileEventPayload(before, before.version),
        after: profileEventPayload(profile, version),
        at: updatedAt,
      });
      return { ...profile, email: profile.email ?? customer.email, version, updatedAt };
    });
  }

  /**
   * Erases the stored profile of a customer. Copies on finalized invoices stay: tax law requires sellers to keep them.
   * Needs a transaction that holds the lock of the customer.
   */
  erase(customerId: string): Promise<void> {
    return this.profiles.delete(customerId);
  }
}
