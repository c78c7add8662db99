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
import { Batcher, CoalescedWakeups, isUnavailable, type Outcome, PipelinedDatabase } from '@app/platform';
import { allowanceOf, check, type Decision, degradedDecision, isCounted, type MeterState } from '../domain/decide.js';
import type { Meter } from '../domain/meter.js';
import { MeterReader } from './meter-reader.js';
import { OpenedWindows } from './opened-windows.js';

/** One customer's quantity of one feature of a product, to be checked. */
export interface QuantityToCheck {
  customer: { id: string; key: string };
  product: string;
  feature: string;
  quantity: number;
}

interface CheckJob {
  snapshot: CachedSnapshot;
  product: string;
  entitlement: Entitlement;
}

/** The last meter of a window. */
type LastKnown = { meter: Meter } & Pick<Entitlement, 'window' | 'windowIsOpen'>;

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
    private readonly pipeline: PipelinedDatabase,
    private readonly time: CustomerTime,
  ) {}

  /** @throws DomainError `customer_not_found`, `product_not_found`, `feature_not_found` */
  async check({ customer, product, feature, quantity }: QuantityToCheck): Promise<Decision> {
    const snapshot = await this.snapshots.snapshotOf(customer, 'any age');
    const state = await this.read({
      snapshot,
      product,
      entitlement: await this.entitlements.resolve(snapshot, product, feature),
    });
    this.remember(customer.id, state);
    const present = this.time.of(snapshot.customer);
    return check(state, {
      customer: customer.key,
      quantity,
      now: present instanceof Date ? present : await present,
    });
  }

  /**
   * Decides by the feature's failure policy, without the database.
   * @throws the error where the database is available, or the feature has no policy
   */
  degraded(error: unknown, { customer, product, feature, quantity }: QuantityToCheck): Decision {
    if (!isUnavailable(error)) throw error;
    const snapshot = this.snapshots.peek(customer.key);
    const entitlement = snapshot && this.entitlements.lastKnown(snapshot, product, feature);
    if (!snapshot || !entitlement?.feature.failurePolicy) throw error;
    const allowance = allowanceOf(entitlement, memoizedWindows(entitlement.schedule!));
    // A test clock cannot be read either: this was its time when the entitlement was derived.
    const now = snapshot.customer.testClockId === null ? this.time.real() : entitlement.validFrom;
    const question = { customer: customer.key, quantity, now };
    const known = this.lastKnown.get(meterName(customer.id, entitlement));
    if (!known || (known.window && now >= known.window.end))
      return degradedDecision({ entitlement, allowance, meter: null }, question);
    const { meter, ...window } = known;
    return degradedDecision({ entitlement: { ...entitlement, ...window }, allowance, meter }, question);
  }

  /** Counted features are read in a batch; the others are decided from a snapshot at most two seconds old. */
  private async read(job: CheckJob): Promise<MeterState> {
    const { entitlement, product, snapshot } = job;
    if (!entitlement.denied && isCounted(entitlement.feature.type))
      return snapshot.customer.testClockId === null ? this.reads.add(job) : this.readAlone(job);
    const fresh = await this.snapshots.snapshotOf(snapshot.customer, 'fresh');
    if (fresh === snapshot) {
      await this.wakeups.next();
      return { entitlement, allowance: null, meter: null };
    }
    const renewed = await this.entitlements.resolve(fresh, product, entitlement.feature.key);
    return this.read({ snapshot: fresh, product, entitlement: renewed });
  }

  /** Customers of test clocks are read one by one: a batch has one present. */
  private async readAlone(job: CheckJob): Promise<MeterState> {
    const [outcome] = await this.readStates([job], await this.time.of(job.snapshot.customer));
    if ('error' in outcome!) throw outcome.error;
    return outcome!.answer;
  }

  private async readStates(jobs: CheckJob[], now: Date): Promise<Outcome<MeterState>[]> {
    const readings = await this.pipeline.onConnection(async (connection) => {
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
        requests.map((request) => ({
          ...request,
          entitlement: opened.get(request.entitlement) ?? request.entitlement,
        })),
        now,
      );
    });
    return jobs.map((job, index) => {
      const reading = readings[index]!;
      if (reading.version !== job.snapshot.version || !isValidAt(job.entitlement, now))
        return { answer: this.readRenewed(job) };
      this.snapshots.markFresh(job.snapshot);
      const { entitlement, allowance, meter } = reading;
      return { answer: { entitlement, allowance, meter } };
    });
  }

  /** The customer has changed since its snapshot was cached, or a window has ended. */
  private async readRenewed({ snapshot, product, entitlement }: CheckJob): Promise<MeterState> {
    this.snapshots.markStale(snapshot);
    const fresh = await this.snapshots.snapshotOf(snapshot.customer, 'fresh');
    return this.read({
      snapshot: fresh,
      product,
      entitlement: await this.entitlements.resolve(fresh, product, entitlement.feature.key),
    });
  }

  private remember(customerId: string, { entitlement, meter }: MeterState): void {
    if (meter && entitlement.feature.failurePolicy === 'last_known')
      this.lastKnown.set(meterName(customerId, entitlement), {
        meter,
        window: entitlement.window,
        windowIsOpen: entitlement.windowIsOpen,
      });
  }
}

const meterName = (customerId: string, { feature, schedule }: Entitlement): string =>
  `${customerId} ${feature.id} ${schedule?.name ?? ''}`;
