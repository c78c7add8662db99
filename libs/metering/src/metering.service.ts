import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CatalogReader } from '@app/catalog';
import { type Customer, CustomerTime } from '@app/customers';
import {
  type Entitlement,
  EntitlementsService,
  isValidAt,
  EntitlementSnapshots,
  type CachedSnapshot,
  memoizedWindows,
} from '@app/entitlements';
import { type Actor, DomainError, newId } from '@app/kernel';
import { Batcher, isUnavailable, type Outcome, PipelinedDatabase, CoalescedWakeups } from '@app/platform';
import * as commands from './commands.js';
import type { IngestResult, JointDecision, FeatureQuantity, ReservationDecision, UsageEvent } from './commands.js';
import { allowanceOf, check, type Decision, degradedDecision, isCounted, type MeterState } from './domain/decide.js';
import type { Meter } from './domain/meter.js';
import { MeterReader } from './meter-reader.js';
import type { IdempotencyClaim, UsageCommand, UsageResult } from './usage-command.js';
import { UsageBatcher } from './usage-batcher.js';
import { UsageRepository } from './usage.repository.js';

/** A customer and a product, by their keys. */
export interface UsageScope {
  customer: Pick<Customer, 'id' | 'key'>;
  product: string;
}

/** One feature of it. */
export interface UsageSubject extends UsageScope {
  feature: string;
}

/** What a change of usage is asked with. */
export interface RequestContext {
  actor: Actor;
  idempotency?: IdempotencyClaim;
}

interface CheckJob {
  holder: CachedSnapshot;
  product: string;
  entitlement: Entitlement;
}

const READS = { maxBatch: 256, maxQueued: 10_000 };
const MAX_REMEMBERED = 50_000;
/** Facts may be told this long after they happened, and clocks may be this far apart. Milliseconds. */
const LATEST_FACT = 92 * 86_400_000;
const CLOCKS_APART = 300_000;
const EXPIRY_BATCH = 500;

/** SHA-256 of what was asked, in hexadecimal: the same Idempotency-Key with another is refused. */
export const fingerprintOf = (content: string): string => createHash('sha256').update(content).digest('hex');

/** Answers what a customer may do, and counts what it does. */
@Injectable()
export class MeteringService {
  private readonly reads = new Batcher<CheckJob, MeterState>(
    (looked) => this.readSituations(looked, this.time.real()),
    READS,
  );
  private readonly answers = new CoalescedWakeups();
  /** What was seen last of meters whose features answer from memory when the database cannot be asked. */
  private readonly remembered = new LRUCache<string, Meter>({ max: MAX_REMEMBERED });

  constructor(
    private readonly holders: EntitlementSnapshots,
    private readonly entitlements: EntitlementsService,
    private readonly catalog: CatalogReader,
    private readonly usage: UsageRepository,
    private readonly meters: MeterReader,
    private readonly lanes: UsageBatcher,
    private readonly pipeline: PipelinedDatabase,
    private readonly time: CustomerTime,
  ) {}

  /** May this customer? Counts nothing; what is counted is read afresh. @throws DomainError `product_not_found`, `feature_not_found` */
  async check(asked: UsageSubject & { quantity: number }): Promise<Decision> {
    try {
      return await this.checkHolder(asked);
    } catch (error) {
      if (isUnavailable(error)) return this.degraded(error, asked, asked.quantity);
      return this.check({ ...asked, customer: await this.successor(asked.customer, error) });
    }
  }

  private async checkHolder({
    customer,
    product,
    feature,
    quantity,
  }: UsageSubject & { quantity: number }): Promise<Decision> {
    const holder = await this.snapshotOf(customer, false);
    const situation = await this.situation({
      holder,
      product,
      entitlement: await this.entitlements.resolve(holder, product, feature),
    });
    this.remember(customer.id, situation);
    const present = this.time.of(holder.customer);
    return check(situation, {
      customer: customer.key,
      quantity,
      now: present instanceof Date ? present : await present,
    });
  }

  /** The same for several features at once, in their order. */
  checkMany(scope: UsageScope, features: string[]): Promise<Decision[]> {
    return Promise.all(features.map((feature) => this.check({ ...scope, feature, quantity: 1 })));
  }

  /** A decision for everything that the customer's plan, overrides and grants name. */
  async checkAll(scope: UsageScope): Promise<Decision[]> {
    const holder = await this.snapshotOf(scope.customer, true);
    return this.checkMany(scope, await this.entitlements.featureKeys(holder, scope.product));
  }

  /**
   * Counts the units if, and only if, they are allowed. Durable when it answers.
   * @throws DomainError `feature_not_found`, `feature_not_metered`, `idempotency_key_reused`, `overloaded`
   */
  async consume(
    asked: UsageSubject & RequestContext & { quantity: number; properties?: object },
  ): Promise<UsageResult<Decision>> {
    try {
      return await this.run(commands.consumeOne(asked));
    } catch (error) {
      return { answer: this.degraded(error, asked, asked.quantity), replayed: false };
    }
  }

  /** Counts several features, all of them or none. @throws DomainError as consume */
  consumeAll(
    asked: UsageScope & RequestContext & { features: FeatureQuantity[]; properties?: object },
  ): Promise<UsageResult<JointDecision>> {
    return this.run(commands.consumeAll(asked));
  }

  /** Holds units until they are committed, released, or the time is over. @throws DomainError as consume */
  reserve(
    asked: UsageSubject & RequestContext & { quantity: number; ttlSeconds: number },
  ): Promise<UsageResult<ReservationDecision>> {
    return this.run(commands.reserveUnits({ ...asked, id: newId() }));
  }

  /** @throws DomainError `reservation_expired`, `reservation_settled`, `exceeds_reservation` */
  commit(
    asked: UsageSubject & RequestContext & { reservation: { id: string; windowStart: Date }; quantity?: number },
  ): Promise<UsageResult<Decision>> {
    return this.run(commands.commit(asked));
  }

  /** @throws DomainError `reservation_settled` */
  release(
    asked: UsageSubject & RequestContext & { reservation: { id: string; windowStart: Date } },
  ): Promise<UsageResult<Decision>> {
    return this.run(commands.release(asked));
  }

  /** @throws DomainError `reservation_expired`, `reservation_settled` */
  heartbeat(
    asked: UsageSubject & RequestContext & { reservation: { id: string; windowStart: Date }; ttlSeconds: number },
  ): Promise<UsageResult<ReservationDecision>> {
    return this.run(commands.heartbeat(asked));
  }

  /** Where a reservation belongs. @throws DomainError `reservation_not_found` */
  async locateReservation(
    id: string,
  ): Promise<{ customerId: string; featureId: string; reservation: { id: string; windowStart: Date } }> {
    const found = await this.usage.findReservation(id);
    if (!found) throw new DomainError('not_found', 'reservation_not_found', 'There is no such reservation.');
    const { customerId, featureId, windowStart } = found;
    return { customerId, featureId, reservation: { id, windowStart } };
  }

  /** Counts what one customer has done already, each fact in the window of its own time, beyond any limit. One result each, in their order. */
  async ingest({ facts, ...asked }: UsageScope & RequestContext & { facts: UsageEvent[] }): Promise<IngestResult[]> {
    const holder = await this.snapshotOf(asked.customer, false);
    const now = (await this.time.of(holder.customer)).getTime();
    const refused = await Promise.all(facts.map((fact) => this.refusal(holder, asked.product, fact, now)));
    const takeable = facts.filter((_, index) => refused[index] === null);
    const results = takeable.length > 0 ? (await this.run(commands.ingest({ ...asked, facts: takeable }))).answer : [];
    let next = 0;
    return facts.map(({ id }, index) =>
      refused[index] === null ? results[next++]! : { id, status: 'rejected', code: refused[index] },
    );
  }

  /** Sets usage right by hand. @throws DomainError `exceeds_usage`, `feature_not_metered` */
  correct(
    asked: UsageSubject & RequestContext & { quantity: number; at?: Date; reason: string },
  ): Promise<UsageResult<Decision>> {
    return this.run(commands.correct(asked));
  }

  /** Takes units back that are held no longer, never more than were used. */
  async returnUnits(asked: UsageSubject & RequestContext & { quantity: number }): Promise<void> {
    await this.run(commands.returnUnits(asked));
  }

  /** Writes down which reservations are over: each exactly once, whoever does it. @returns how many counters were settled */
  async expireReservations(): Promise<number> {
    const due = await this.usage.customersWithExpired(this.time.real(), EXPIRY_BATCH);
    const features = new Map(
      (await this.catalog.featuresById([...new Set(due.map(({ featureId }) => featureId))])).map((feature) => [
        feature.id,
        feature,
      ]),
    );
    const holders = await this.holders.refresh([...new Set(due.map(({ customerId }) => customerId))]);
    const settled = await Promise.allSettled(
      due.map(async ({ customerId, featureId, windowStart }) => {
        const { key, productId } = features.get(featureId)!;
        const holder = holders.get(customerId);
        if (!holder) return;
        const product = await this.catalog.productKey(productId);
        await this.run(
          commands.expireReservations({
            customer: holder.customer,
            product,
            feature: key,
            windowStart,
            actor: { kind: 'system', id: null },
          }),
        );
      }),
    );
    return settled.filter(({ status }) => status === 'fulfilled').length;
  }

  private async run<Answer>(command: UsageCommand<Answer>): Promise<UsageResult<Answer>> {
    try {
      return await (this.prepared(command) ?? this.prepare(command));
    } catch (error) {
      return this.run({ ...command, customer: await this.successor(command.customer, error) });
    }
  }

  /** Who has the customer's key now, if it went to another while this process still remembered the first. @throws the error, if nobody has */
  private async successor({ id, key }: Pick<Customer, 'id' | 'key'>, error: unknown): Promise<Customer> {
    if (!(error instanceof DomainError && error.code === 'customer_not_found')) throw error;
    const holder = await this.holders.getFresh(key);
    if (!holder || holder.customer.id === id) throw error;
    return holder.customer;
  }

  /** At once, when this process knows all that is asked about already: null otherwise. */
  private prepared<Answer>(command: UsageCommand<Answer>): Promise<UsageResult<Answer>> | null {
    const { customer, product, meterRefs } = command;
    const holder = this.holders.peek(customer.key);
    if (!holder || holder.customer.id !== customer.id) return null;
    const entitlements: Entitlement[] = [];
    for (const { feature } of meterRefs) {
      const entitlement = this.entitlements.peek(holder, product, feature);
      if (!entitlement || !isCounted(entitlement.feature.type)) return null;
      entitlements.push(entitlement);
    }
    return this.lanes.run({ command, holder, entitlements });
  }

  private async prepare<Answer>(command: UsageCommand<Answer>): Promise<UsageResult<Answer>> {
    const holder = await this.snapshotOf(command.customer, false);
    const entitlements: Entitlement[] = [];
    for (const { feature } of command.meterRefs) {
      const entitlement = await this.entitlements.resolve(holder, command.product, feature);
      if (!isCounted(entitlement.feature.type)) commands.throwNotMetered(entitlement.feature);
      entitlements.push(entitlement);
    }
    return this.lanes.run({ command, holder, entitlements });
  }

  /** @throws DomainError `customer_not_found` */
  private async snapshotOf({ id, key }: Pick<Customer, 'id' | 'key'>, recent: boolean): Promise<CachedSnapshot> {
    const holder = recent ? await this.holders.getFresh(key) : await this.holders.get(key);
    if (holder?.customer.id === id) return holder;
    // The key has gone to another customer since: whoever was meant is not there any more.
    throw new DomainError('not_found', 'customer_not_found', 'There is no such customer.');
  }

  /** What is not counted is answered from memory, two seconds old at most; what is counted is read with all that ask at once. */
  private async situation(looked: CheckJob): Promise<MeterState> {
    const { entitlement, product, holder } = looked;
    if (!entitlement.denied && isCounted(entitlement.feature.type))
      return holder.customer.testClockId === null ? this.reads.add(looked) : this.readAlone(looked);
    const recent = await this.snapshotOf(holder.customer, true);
    if (recent === holder) {
      await this.answers.next();
      return { entitlement, allowance: null, meter: null };
    }
    const renewed = await this.entitlements.resolve(recent, product, entitlement.feature.key);
    return this.situation({ holder: recent, product, entitlement: renewed });
  }

  /** Customers of test clocks have a present of their own. */
  private async readAlone(looked: CheckJob): Promise<MeterState> {
    const [outcome] = await this.readSituations([looked], await this.time.of(looked.holder.customer));
    if ('error' in outcome!) throw outcome.error;
    return outcome!.answer;
  }

  private async readSituations(looked: CheckJob[], now: Date): Promise<Outcome<MeterState>[]> {
    const readings = await this.pipeline.onConnection((connection) =>
      this.meters.read(
        connection,
        looked.map(({ holder, entitlement }) => ({ customerId: holder.customer.id, entitlement })),
        now,
      ),
    );
    return looked.map((one, index) => {
      const reading = readings[index]!;
      if (reading.version !== one.holder.version || !isValidAt(one.entitlement, now))
        return { answer: this.renewed(one) };
      this.holders.markFresh(one.holder);
      return { answer: { entitlement: one.entitlement, allowance: reading.allowance, meter: reading.meter } };
    });
  }

  /** The holder has changed since this process last saw it. */
  private async renewed({ holder, product, entitlement }: CheckJob): Promise<MeterState> {
    const { customer } = holder;
    holder.verifiedAt = Number.NEGATIVE_INFINITY;
    const fresh = await this.snapshotOf(customer, true);
    return this.situation({
      holder: fresh,
      product,
      entitlement: await this.entitlements.resolve(fresh, product, entitlement.feature.key),
    });
  }

  private async refusal(
    holder: CachedSnapshot,
    product: string,
    { feature, occurredAt }: UsageEvent,
    now: number,
  ): Promise<string | null> {
    if (occurredAt && occurredAt.getTime() > now + CLOCKS_APART) return 'occurred_in_future';
    if (occurredAt && occurredAt.getTime() < now - LATEST_FACT) return 'occurred_too_long_ago';
    try {
      const entitlement = await this.entitlements.resolve(holder, product, feature);
      return isCounted(entitlement.feature.type) ? null : 'feature_not_metered';
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'not_found') return error.code;
      throw error;
    }
  }

  /** What the feature's failure policy answers when the database cannot. @throws the error where there is none */
  private degraded(error: unknown, { customer, product, feature }: UsageSubject, quantity: number): Decision {
    if (!isUnavailable(error)) throw error;
    const holder = this.holders.peek(customer.key);
    const entitlement = holder?.entitlements.get(`${product} ${feature}`);
    if (!entitlement?.feature.failurePolicy) throw error;
    const allowance = allowanceOf(entitlement, memoizedWindows(entitlement.schedule!));
    const meter = this.remembered.get(memoryName(customer.id, entitlement)) ?? null;
    // A test clock cannot be asked either: it stood there when the entitlement was derived.
    const now = holder!.customer.testClockId === null ? this.time.real() : entitlement.validFrom;
    return degradedDecision({ entitlement, allowance, meter }, { customer: customer.key, quantity, now });
  }

  private remember(customerId: string, { entitlement, meter }: MeterState): void {
    if (meter && entitlement.feature.failurePolicy === 'last_known')
      this.remembered.set(memoryName(customerId, entitlement), meter);
  }
}

const memoryName = (customerId: string, { feature, window }: Entitlement): string =>
  `${customerId} ${feature.id} ${window?.start.getTime() ?? ''}`;
