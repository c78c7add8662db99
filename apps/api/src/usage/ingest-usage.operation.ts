import { Injectable } from '@nestjs/common';
import { actorOf, confinedTo, type Principal } from '@app/auth';
import { CatalogReader } from '@app/catalog';
import { CustomersService } from '@app/customers';
import { EntitlementSnapshots, type CachedSnapshot } from '@app/entitlements';
import { type IngestResult, MeteringService, type UsageEvent } from '@app/metering';
import { confinedProduct } from '../http/access/product-key.decorator.js';
import { smallProperties } from './properties.js';

/** Something that has happened, told by a service. */
export interface UsageEventInput {
  id: string;
  customer: string;
  feature: string;
  quantity: number;
  occurredAt?: string;
  properties?: object;
}

const OWN_CUSTOMER = 'me';

/** Counts what has happened to many customers: one result each, in their order, and none stands in another's way. */
@Injectable()
export class IngestUsageOperation {
  constructor(
    private readonly metering: MeteringService,
    private readonly holders: EntitlementSnapshots,
    private readonly customers: CustomersService,
    private readonly catalog: CatalogReader,
  ) {}

  async run(events: UsageEventInput[], product: string, principal: Principal): Promise<IngestResult[]> {
    const places = new Map<string, number[]>();
    events.forEach(({ customer, properties }, index) => {
      smallProperties(properties);
      const place = places.get(customer);
      if (place) place.push(index);
      else places.set(customer, [index]);
    });
    const results: IngestResult[] = new Array<IngestResult>(events.length);
    await Promise.all(
      [...places].map(async ([key, indexes]) => {
        const holder = await this.find(key, product, principal);
        const told = indexes.map((index) => factOf(events[index]!));
        const outcomes = holder
          ? await this.metering.ingest({ customer: holder.customer, product, facts: told, actor: actorOf(principal) })
          : told.map(unknown);
        indexes.forEach((index, position) => (results[index] = outcomes[position]!));
      }),
    );
    return results;
  }

  /** null when it is not there or not the caller's. */
  private async find(key: string, product: string, principal: Principal): Promise<CachedSnapshot | null> {
    const only = confinedTo(principal);
    if (key === OWN_CUSTOMER && principal.customerId !== null)
      return (await this.holders.refresh([principal.customerId])).get(principal.customerId) ?? null;
    const holder = await this.holders.get(key);
    if (!holder || (only !== null && only !== holder.customer.id)) return null;
    return confinedProduct(principal) === null || (await this.isMember(holder, product)) ? holder : null;
  }

  private async isMember({ customer, subscriptions }: CachedSnapshot, product: string): Promise<boolean> {
    return (
      subscriptions.has((await this.catalog.getProduct(product)).id) || this.customers.isMember(customer.id, product)
    );
  }
}

const factOf = ({ id, feature, quantity, occurredAt, properties }: UsageEventInput): UsageEvent => ({
  id,
  feature,
  quantity,
  properties,
  occurredAt: occurredAt === undefined ? undefined : new Date(occurredAt),
});
const unknown = ({ id }: UsageEvent): IngestResult => ({ id, status: 'rejected', code: 'customer_not_found' });
