import { Injectable } from '@nestjs/common';
import { CatalogReader, type Feature } from '@app/catalog';
import { type EntitlementSnapshot, EntitlementsService, EntitlementSnapshots } from '@app/entitlements';
import { DomainError } from '@app/kernel';
import { type Connection, Database, PipelinedDatabase } from '@app/platform';
import { type Coverage, coveredAt } from '../domain/burn-down.js';
import { MeterReader } from './meter-reader.js';
import { OpenedWindows } from './opened-windows.js';

/** The feature of a customer whose coverage is read, as of an instant. */
export interface CoverageRequest {
  customerId: string;
  feature: Pick<Feature, 'id' | 'productId' | 'key'>;
  at: Date;
}

/** Overage of a window that grants have covered, and that the next use of the feature will store. */
export interface PendingCoverage {
  windowStart: Date;
  /** When it was covered. */
  at: Date;
  units: number;
}

/** Reads overage that grants have covered, but that is not stored yet: what is charged by usage subtracts it. */
@Injectable()
export class PendingCoverageService {
  constructor(
    private readonly snapshots: EntitlementSnapshots,
    private readonly entitlements: EntitlementsService,
    private readonly meters: MeterReader,
    private readonly openedWindows: OpenedWindows,
    private readonly catalog: CatalogReader,
    private readonly pipeline: PipelinedDatabase,
    private readonly database: Database,
  ) {}

  /**
   * The coverage of each request, in their order. One query where no customer has a grant; a few for each that has.
   * @example
   * const [pending] = await coverage.of([{ customerId, feature, at: new Date('2031-01-31T23:59:59.999Z') }]);
   */
  async of(requests: CoverageRequest[]): Promise<PendingCoverage[][]> {
    const granted = await this.granted(requests);
    const found: PendingCoverage[][] = [];
    for (const request of requests) found.push(granted.has(nameOf(request)) ? await this.read(request) : []);
    return found;
  }

  private async granted(requests: CoverageRequest[]): Promise<Set<string>> {
    if (requests.length === 0) return new Set();
    const rows = await this.database.query<{ name: string }>(
      `select distinct g.customer_id || ' ' || g.feature_id as name from unnest($1::uuid[], $2::uuid[]) k (customer_id, feature_id)
       join grants g on g.customer_id = k.customer_id and g.feature_id = k.feature_id`,
      [requests.map(({ customerId }) => customerId), requests.map(({ feature }) => feature.id)],
    );
    return new Set(rows.map(({ name }) => name));
  }

  /** The reading of a use at the instant: it would store the coverage. */
  private async read({ customerId, feature, at }: CoverageRequest): Promise<PendingCoverage[]> {
    const snapshot = await this.snapshotAt(customerId, at);
    if (!snapshot) return [];
    const product = await this.catalog.productKey(feature.productId);
    const entitlement = await this.entitlements.resolveAt(snapshot, product, feature.key, at);
    if (entitlement.denied || !entitlement.schedule) return [];
    const [reading] = await this.pipeline.onConnection(async (connection: Connection) => {
      const opened = await this.openedWindows.find(connection, [{ customerId, entitlement, uses: [] }], at);
      return this.meters.read(connection, [{ customerId, entitlement: opened.get(entitlement) ?? entitlement }], at);
    });
    const { windowStart, covered, closing } = reading!;
    return [...pendingOf(windowStart, covered), ...(closing ? pendingOf(closing.windowStart, closing.covered) : [])];
  }

  /** As of the instant, so that a subscription that has ended since still counts; the present where events are gone. */
  private async snapshotAt(customerId: string, at: Date): Promise<EntitlementSnapshot | null> {
    try {
      return await this.snapshots.findAt(customerId, at);
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'history_not_kept')) throw error;
      return (await this.snapshots.refresh([customerId])).get(customerId) ?? null;
    }
  }
}

const nameOf = ({ customerId, feature }: CoverageRequest): string => `${customerId} ${feature.id}`;

const pendingOf = (windowStart: Date, covered: Coverage[]): PendingCoverage[] =>
  covered.map((coverage) => ({ windowStart, at: coveredAt(coverage, windowStart), units: coverage.quantity }));
