import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CustomerTime } from '@app/customers';
import {
  type CachedSnapshot,
  type Entitlement,
  EntitlementsService,
  EntitlementSnapshots,
  isValidAt,
  memoizedWindows,
  opensWithUse,
} from '@app/entitlements';
import { Batcher, type Connection, isUnavailable, type Outcome, PipelinedDatabase } from '@app/platform';
import { allowanceOf, check, type Decision, degradedDecision, isCounted, type MeterState } from '../domain/decide.js';
import { assertFits } from '../domain/aggregation.js';
import type { Report } from '../domain/report.js';
import { type EntityMeter, entityRefOf } from '../domain/entity-meter.js';
import type { Meter } from '../domain/meter.js';
import { EntityMeterReader } from './entity-meter-reader.js';
import { MeterReader } from './meter-reader.js';
import type { MeterReading, MeterRequest } from './meter-reading.js';
import { OpenedWindows } from './opened-windows.js';

/** One customer's quantity of one feature of a product, to be checked. */
export interface QuantityToCheck extends Report {
  customer: { id: string; key: string };
  product: string;
  feature: string;
  quantity: number;
}

/** A check with the entitlement that this process derived: also the request of its meter. */
interface CheckJob extends MeterRequest {
  request: QuantityToCheck;
  snapshot: CachedSnapshot;
}

/** The last meters of a window. */
type LastKnown = { meter: Meter; entity: EntityMeter | null } & Pick<Entitlement, 'window' | 'windowIsOpen'>;

const READS = { maxBatch: 256, maxQueued: 10_000 };
const MAX_LAST_KNOWN = 50_000;

/** Decides checks: from the cached snapshot, and a meter that is read together with the snapshot's version. */
@Injectable()
export class CheckReader {
  private readonly reads = new Batcher<CheckJob, Decision>((jobs) => this.decideAll(jobs, this.time.real()), READS);
  /** The last meters of features with the failure policy `last_known`, for when the database is unavailable. */
  private readonly lastKnown = new LRUCache<string, LastKnown>({ max: MAX_LAST_KNOWN });

  constructor(
    private readonly snapshots: EntitlementSnapshots,
    private readonly entitlements: EntitlementsService,
    private readonly meterReader: MeterReader,
    private readonly openedWindows: OpenedWindows,
    private readonly entityMeters: EntityMeterReader,
    private readonly pipeline: PipelinedDatabase,
    private readonly time: CustomerTime,
  ) {}

  /**
   * Decides without a promise where nothing must be read, and with one where only the meter must be.
   * The promise rejects with `customer_not_found`, `product_not_found`, `feature_not_found` or `invalid_fields`.
   */
  check(request: QuantityToCheck): Decision | Promise<Decision> {
    const { customer, product, feature } = request;
    const snapshot = this.snapshots.peek(customer.key);
    if (snapshot?.customer.id !== customer.id) return this.checkUncached(request);
    const entitlement = this.entitlements.peek(snapshot, product, feature);
    if (!entitlement) return this.checkUncached(request);
    if (isRead(entitlement)) return this.reads.add({ request, snapshot, entitlement, customerId: customer.id });
    if (request.value !== undefined || !this.snapshots.isFresh(snapshot)) return this.checkUncached(request);
    return decisionOf(request, { entitlement, allowance: null, meter: null }, this.time.real());
  }

  /**
   * Decides by the feature's failure policy, without the database.
   * @throws the error where the database is available, or the feature has no policy
   */
  degraded(error: unknown, request: QuantityToCheck): Decision {
    if (!isUnavailable(error)) throw error;
    const { customer, product, feature, quantity, entity: name, value } = request;
    const snapshot = this.snapshots.peek(customer.key);
    const entitlement = snapshot && this.entitlements.lastKnown(snapshot, product, feature);
    if (!snapshot || !entitlement?.feature.failurePolicy) throw error;
    const allowance = allowanceOf(entitlement, memoizedWindows(entitlement.schedule!));
    // A test clock cannot be read either: this was its time when the entitlement was derived.
    const now = snapshot.customer.testClockId === null ? this.time.real() : entitlement.validFrom;
    const question = { customer: customer.key, quantity, entity: name, value, now };
    const known = this.lastKnown.get(meterName(request, entitlement));
    if (!known || (known.window && now >= known.window.end))
      return degradedDecision({ entitlement, allowance, meter: null }, question);
    const { meter, entity, ...window } = known;
    return degradedDecision({ entitlement: { ...entitlement, ...window }, allowance, meter, entity }, question);
  }

  private async checkUncached(request: QuantityToCheck): Promise<Decision> {
    return this.checkWith(request, await this.snapshots.snapshotOf(request.customer, 'any age'));
  }

  /** Counted features are read in a batch; the others are decided from a snapshot at most two seconds old. */
  private async checkWith(request: QuantityToCheck, snapshot: CachedSnapshot): Promise<Decision> {
    const { product, feature } = request;
    const entitlement = await this.entitlements.resolve(snapshot, product, feature);
    const { customer } = snapshot;
    if (isRead(entitlement)) {
      const job = { request, snapshot, entitlement, customerId: customer.id };
      return customer.testClockId === null ? this.reads.add(job) : this.readAlone(job);
    }
    const fresh = await this.snapshots.snapshotOf(customer, 'fresh');
    if (fresh !== snapshot) return this.checkWith(request, fresh);
    return decisionOf(request, { entitlement, allowance: null, meter: null }, await this.time.of(customer));
  }

  /** Customers of test clocks are read one by one: a batch has one present. */
  private async readAlone(job: CheckJob): Promise<Decision> {
    const [outcome] = await this.decideAll([job], await this.time.of(job.snapshot.customer));
    if ('error' in outcome!) throw outcome.error;
    return outcome!.answer;
  }

  private async decideAll(jobs: CheckJob[], now: Date): Promise<Outcome<Decision>[]> {
    const requestedAt = performance.now();
    const { readings, entities } = await this.pipeline.onConnection(async (connection) => {
      const meters = await this.readMeters(connection, jobs, now);
      return { readings: meters, entities: await this.readEntities(connection, jobs, meters) };
    });
    return jobs.map((job, index): Outcome<Decision> => {
      const reading = readings[index]!;
      if (reading.version !== job.snapshot.version || !isValidAt(job.entitlement, now))
        return { answer: this.checkRenewed(job) };
      this.snapshots.markFresh(job.snapshot, requestedAt);
      const { entitlement, allowance, meter } = reading;
      const state = { entitlement, allowance, meter, entity: entities?.[index] };
      try {
        const answer = decisionOf(job.request, state, now);
        this.remember(job.request, state);
        return { answer };
      } catch (error) {
        return { error };
      }
    });
  }

  /** The meters of the windows that contain `now`, also where a first use opens them. */
  private async readMeters(connection: Connection, jobs: CheckJob[], now: Date): Promise<MeterReading[]> {
    if (!jobs.some(({ entitlement }) => opensWithUse(entitlement))) return this.meterReader.read(connection, jobs, now);
    const opened = await this.openedWindows.find(
      connection,
      jobs.map(({ customerId, entitlement }) => ({ customerId, entitlement, uses: [] })),
      now,
    );
    const completed = jobs.map(({ customerId, entitlement }) => ({
      customerId,
      entitlement: opened.get(entitlement) ?? entitlement,
    }));
    return this.meterReader.read(connection, completed, now);
  }

  /** Null where no request names an entity. */
  private async readEntities(
    connection: Connection,
    jobs: CheckJob[],
    readings: MeterReading[],
  ): Promise<(EntityMeter | null)[] | null> {
    if (!jobs.some(({ request }) => namesEntity(request))) return null;
    const entities = jobs.map(({ request }) => entityRefOf(request));
    return this.entityMeters.read(connection, readings, entities);
  }

  /** The customer has changed since its snapshot was cached, or a window has ended. */
  private async checkRenewed({ request, snapshot }: CheckJob): Promise<Decision> {
    this.snapshots.markStale(snapshot);
    return this.checkWith(request, await this.snapshots.snapshotOf(snapshot.customer, 'fresh'));
  }

  private remember(request: QuantityToCheck, { entitlement, meter, entity = null }: MeterState): void {
    if (meter && entitlement.feature.failurePolicy === 'last_known')
      this.lastKnown.set(meterName(request, entitlement), {
        meter,
        entity,
        window: entitlement.window,
        windowIsOpen: entitlement.windowIsOpen,
      });
  }
}

/** True where the decision depends on a meter. */
const isRead = ({ denied, feature }: Entitlement): boolean => denied === null && isCounted(feature.type);

const namesEntity = ({ entity, value }: Report): boolean => entity !== undefined || value !== undefined;

/** @throws DomainError `invalid_fields` when the feature does not count what the request says */
function decisionOf(request: QuantityToCheck, state: MeterState, now: Date): Decision {
  const { customer, quantity, entity, value } = request;
  if (value !== undefined) assertFits(state.entitlement.feature, request);
  return check(state, { customer: customer.key, quantity, entity, value, now });
}

function meterName(request: QuantityToCheck, { feature, schedule }: Entitlement): string {
  const name = `${request.customer.id} ${feature.id} ${schedule?.name ?? ''}`;
  const entity = entityRefOf(request);
  return entity ? `${name} ${JSON.stringify(entity)}` : name;
}
