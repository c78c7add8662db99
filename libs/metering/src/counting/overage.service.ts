import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { type Customer, CustomerTime } from '@app/customers';
import { invalidField, totalOf, capped } from '@app/kernel';
import { isCounted } from '../domain/decide.js';
import { throwNotMetered } from '../domain/usage-command.js';
import { CurrentMeters } from './current-meters.js';
import type { ClosingWindow } from './meter-reading.js';
import { OverageRepository, type OverageRow } from './overage.repository.js';

/** A closed window with its overage: used, less included, carried over and granted units. */
export interface WindowOverage extends OverageRow {
  overage: number;
}

/** The overage of one feature in the windows that ended within a span. */
export interface FeatureOverage {
  feature: string;
  from: Date;
  to: Date;
  /** Units in all windows, at most 2^53-1. */
  total: number;
  data: WindowOverage[];
}

const DEFAULT_MS = 30 * 86_400_000;
/** More than the hours of two months. */
const MAX_WINDOWS = 2_000;

/** Usage beyond the limit in closed windows, from stored counters: it is billed in arrears. */
@Injectable()
export class OverageService {
  constructor(
    private readonly overages: OverageRepository,
    private readonly meters: CurrentMeters,
    private readonly catalog: CatalogReader,
    private readonly time: CustomerTime,
  ) {}

  /**
   * The overage of a feature in each window that ended after `from`, and at `to` or before, by the customer's clock. A
   * window is in exactly one of several adjoining spans. Default: the last 30 days. Late events, corrections and grants
   * change a window's overage after it was read.
   * @throws DomainError `product_not_found`, `feature_not_found`, `feature_not_metered`, `invalid_fields`
   * @example
   * const { total, data } = await overage.ofCustomer({ customer, product: 'api', feature: 'calls' }, { from, to });
   */
  async ofCustomer(
    { customer, product, feature: key }: { customer: Customer; product: string; feature: string },
    span: { from?: Date; to?: Date },
  ): Promise<FeatureOverage> {
    const { id: productId } = await this.catalog.getProduct(product);
    const feature = await this.catalog.getFeature(productId, key);
    if (!isCounted(feature.type)) throwNotMetered(feature);
    const now = await this.time.of(customer);
    const to = span.to ?? now;
    const from = span.from ?? new Date(to.getTime() - DEFAULT_MS);
    if (from >= to) throw invalidField('from', 'must be before "to"');
    // Overage of the newest window that grants covered before its end, and that the next change will store.
    const { readings } = await this.meters.read({ customerId: customer.id, product, features: [key], now });
    const closing = readings[0]?.closing ?? null;
    const rows = await this.overages.closedWindows(
      { customerId: customer.id, featureId: feature.id, after: from, until: to < now ? to : now },
      MAX_WINDOWS + 1,
    );
    if (rows.length > MAX_WINDOWS)
      throw invalidField('to', `spans more than ${MAX_WINDOWS} windows with overage; use a shorter span`);
    const data = rows.map((row) => withOverage(row, closing)).filter(({ overage }) => overage > 0);
    return { feature: key, from, to, total: capped(totalOf(data, 'overage')), data };
  }
}

function withOverage(row: OverageRow, closing: ClosingWindow | null): WindowOverage {
  const covered =
    closing?.windowStart.getTime() === row.windowStart.getTime() ? totalOf(closing.covered, 'quantity') : 0;
  const fromGrants = row.fromGrants + covered;
  return { ...row, fromGrants, overage: row.used - fromGrants - row.included - row.carriedOver };
}
