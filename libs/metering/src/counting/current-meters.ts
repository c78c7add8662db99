import { Injectable } from '@nestjs/common';
import { EntitlementsService, EntitlementSnapshots, type Grant } from '@app/entitlements';
import { notFound } from '@app/kernel';
import { type Connection, PipelinedDatabase } from '@app/platform';
import { MeterReader } from './meter-reader.js';
import type { MeterReading } from './meter-reading.js';
import { OpenedWindows } from './opened-windows.js';

/** Features of one product, of one customer, at the customer's present. */
export interface CurrentMetersRequest {
  customerId: string;
  /** Key of the product. */
  product: string;
  /** Keys of the features. */
  features: string[];
  now: Date;
}

/** Reads the meters of the current windows outside of a decision, as a decision at the same instant reads them. */
@Injectable()
export class CurrentMeters {
  constructor(
    private readonly snapshots: EntitlementSnapshots,
    private readonly entitlements: EntitlementsService,
    private readonly meterReader: MeterReader,
    private readonly openedWindows: OpenedWindows,
    private readonly pipeline: PipelinedDatabase,
  ) {}

  /**
   * @returns the readings of features that the customer may use, and the grants of the others
   * @throws DomainError `customer_not_found`, `product_not_found`, `feature_not_found`
   */
  async read({ customerId, product, features, now }: CurrentMetersRequest): Promise<{
    readings: MeterReading[];
    unmetered: Grant[];
  }> {
    const snapshot = (await this.snapshots.refresh([customerId])).get(customerId);
    if (!snapshot) throw notFound('customer');
    const entitlements = await Promise.all(
      features.map((feature) => this.entitlements.resolveAt(snapshot, product, feature, now)),
    );
    const counted = entitlements.filter(({ denied, schedule }) => denied === null && schedule !== null);
    const unmetered = entitlements.filter((entitlement) => !counted.includes(entitlement));
    return {
      readings: await this.pipeline.onConnection(async (connection: Connection) => {
        const requests = counted.map((entitlement) => ({ customerId, entitlement, uses: [] }));
        const opened = await this.openedWindows.find(connection, requests, now);
        return this.meterReader.read(
          connection,
          counted.map((entitlement) => ({ customerId, entitlement: opened.get(entitlement) ?? entitlement })),
          now,
        );
      }),
      unmetered: unmetered.flatMap(({ feature }) => snapshot.grants.get(feature.id) ?? []),
    };
  }
}
