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
import {
  Batcher,
  CoalescedWakeups,
  type Connection,
  isUnavailable,
  type Outcome,
  PipelinedDatabase,
} from '@app/platform';
import { allowanceOf, check, type Decision, degradedDecision, isCounted, type MeterState } from '../domain/decide.js';
import { assertFits } from '../domain/aggregation.js';
import type { Report } from '../domain/report.js';
import { type EntityMeter, type EntityRef, entityRefOf } from '../domain/entity-meter.js';
import type { Meter } from '../domain/meter.js';
import { EntityMeterReader } from './entity-meter-reader.js';
import { type MeterReading, MeterReader } from './meter-reader.js';
import { OpenedWindows } from './opened-windows.js';

/** One customer's quantity of one feature of a product, to be checked. */
export interface QuantityToCheck extends Report {
  customer: { id: string; key: string };
  product: string;
  feature: string;
  quantity: number;
}

interface CheckJob {
  snapshot: CachedSnapshot;
  product: string;
  entitlement: Entitlement;
  /** The entity in question, if there is one. */
  entity?: EntityRef;
}

/** The last meters of a window. */
type LastKnown = { meter: Meter; entity: EntityMeter | null } & Pick<Entitlement, 'window' | 'windowIsOpen'>;

const READS = { maxBatch: 256, maxQueued: 10_000 };
const MAX_LAST_KNOWN = 50_000;

/** Decides checks: from the cached snapshot, and a meter that is read together with the snapshot's version. */
@Injectable()
export class CheckReader {
  private readonly reads = new Batcher<CheckJob, MeterState>((jobs) => this.readStates(jobs, this.time.real()), READS);
  private readonly wakeups = new CoalescedWakeups();
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

  /** @throws DomainError `customer_not_found`, `product_not_found`, `feature_not_found`, `invalid_fields` */
  async check(request: QuantityToCheck): Promise<Decision> {
    const { customer, product, feature, quantity, entity, value } = request;
    const snapshot = await this.snapshots.snapshotOf(customer, 'any age');
    const state = await this.read({
      snapshot,
      product,
      entitlement: await this.entitlements.resolve(snapshot, product, feature),
      entity: entityRefOf(request),
    });
    if (value !== undefined) assertFits(state.entitlement.feature, request);
    this.remember(request, state);
    const present = this.time.of(snapshot.customer);
    return check(state, {
      customer: customer.key,
      quantity,
      entity,
      value,
      now: present instanceof Date ? present : await present,
    });
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

  /** Counted features are read in a batch; the others are decided from a snapshot at most two seconds old. */
  private async read(job: CheckJob): Promise<MeterState> {
    const { entitlement, product, snapshot, entity } = job;
    if (!entitlement.denied && isCounted(entitlement.feature.type))
      return snapshot.customer.testClockId === null ? this.reads.add(job) : this.readAlone(job);
    const fresh = await this.snapshots.snapshotOf(snapshot.customer, 'fresh');
    if (fresh === snapshot) {
      await this.wakeups.next();
      return { entitlement, allowance: null, meter: null };
    }
    const renewed = await this.entitlements.resolve(fresh, product, entitlement.feature.key);
    return this.read({ snapshot: fresh, product, entitlement: renewed, entity });
  }

  /** Customers of test clocks are read one by one: a batch has one present. */
  private async readAlone(job: CheckJob): Promise<MeterState> {
    const [outcome] = await this.readStates([job], await this.time.of(job.snapshot.customer));
    if ('error' in outcome!) throw outcome.error;
    return outcome!.answer;
  }

  private async readStates(jobs: CheckJob[], now: Date): Promise<Outcome<MeterState>[]> {
    const { readings, entities } = await this.pipeline.onConnection(async (connection) => {
      const meters = await this.readMeters(connection, jobs, now);
      const refs = jobs.map(({ entity }) => entity);
      return { readings: meters, entities: await this.entityMeters.read(connection, meters, refs) };
    });
    return jobs.map((job, index) => {
      const reading = readings[index]!;
      if (reading.version !== job.snapshot.version || !isValidAt(job.entitlement, now))
        return { answer: this.readRenewed(job) };
      this.snapshots.markFresh(job.snapshot);
      const { entitlement, allowance, meter } = reading;
      return { answer: { entitlement, allowance, meter, entity: entities[index] } };
    });
  }

  /** The meters of the windows that contain `now`, also where a first use opens them. */
  private async readMeters(connection: Connection, jobs: CheckJob[], now: Date): Promise<MeterReading[]> {
    const requests = jobs.map(({ snapshot, entitlement }) => ({ customerId: snapshot.customer.id, entitlement }));
    if (!jobs.some(({ entitlement }) => opensWithUse(entitlement)))
      return this.meterReader.read(connection, requests, now);
    const opened = await this.openedWindows.find(
      connection,
      requests.map((request) => ({ ...request, uses: [] })),
      now,
    );
    return this.meterReader.read(
      connection,
      requests.map((request) => ({ ...request, entitlement: opened.get(request.entitlement) ?? request.entitlement })),
      now,
    );
  }

  /** The customer has changed since its snapshot was cached, or a window has ended. */
  private async readRenewed({ snapshot, product, entitlement, entity }: CheckJob): Promise<MeterState> {
    this.snapshots.markStale(snapshot);
    const fresh = await this.snapshots.snapshotOf(snapshot.customer, 'fresh');
    return this.read({
      snapshot: fresh,
      product,
      entitlement: await this.entitlements.resolve(fresh, product, entitlement.feature.key),
      entity,
    });
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

function meterName(request: QuantityToCheck, { feature, schedule }: Entitlement): string {
  const name = `${request.customer.id} ${feature.id} ${schedule?.name ?? ''}`;
  const entity = entityRefOf(request);
  return entity ? `${name} ${JSON.stringify(entity)}` : name;
}
