import { Injectable } from '@nestjs/common';
import { actorOf, type Principal } from '@app/auth';
import { invalidField } from '@app/kernel';
import { type IngestResult, MeteringService, type UsageEvent } from '@app/metering';
import { CustomerResolver } from '../http/access/customer-resolver.js';
import { optionalDate } from '../http/input/instants.js';
import { smallProperties } from './properties.js';
import { reportOf, unitsOrValue } from './report.js';

/** A usage event in a request. */
export interface UsageEventInput {
  id: string;
  /** Key of the customer, or `me`. */
  customer: string;
  feature: string;
  /** Required unless `value` is given. */
  quantity?: number;
  entity?: string;
  value?: number | string;
  occurredAt?: string;
  properties?: object;
}

/**
 * Ingests usage events of many customers: one result for each event, in the order of the request. A rejected event does
 * not affect the others.
 */
@Injectable()
export class IngestUsageOperation {
  constructor(
    private readonly metering: MeteringService,
    private readonly customers: CustomerResolver,
  ) {}

  /** @throws DomainError `invalid_fields` when an event has neither quantity nor value, or large properties */
  async ingest(events: UsageEventInput[], product: string, principal: Principal): Promise<IngestResult[]> {
    const indexesByCustomer = new Map<string, number[]>();
    events.forEach(({ customer, properties, quantity, value }, index) => {
      smallProperties(properties);
      if ((quantity ?? null) === null && (value ?? null) === null)
        throw invalidField(`events.${index}.quantity`, 'is required unless value is given');
      unitsOrValue({ quantity, value });
      const indexes = indexesByCustomer.get(customer);
      if (indexes) indexes.push(index);
      else indexesByCustomer.set(customer, [index]);
    });
    const results: IngestResult[] = new Array<IngestResult>(events.length);
    await Promise.all(
      [...indexesByCustomer].map(async ([key, indexes]) => {
        const customer =
          this.customers.peek(key, principal.scope) ?? (await this.customers.findCached(key, principal.scope));
        const ofCustomer = indexes.map((index) => usageEventOf(events[index]!));
        const outcomes = customer
          ? await this.metering.ingest({ customer, product, events: ofCustomer, actor: actorOf(principal) })
          : ofCustomer.map(customerNotFound);
        indexes.forEach((index, position) => (results[index] = outcomes[position]!));
      }),
    );
    return results;
  }
}

const usageEventOf = ({ id, feature, occurredAt, properties, ...report }: UsageEventInput): UsageEvent => ({
  id,
  feature,
  ...reportOf(report),
  properties,
  occurredAt: optionalDate(occurredAt),
});

const customerNotFound = ({ id }: UsageEvent): IngestResult => ({ id, status: 'rejected', code: 'customer_not_found' });
