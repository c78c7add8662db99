import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { type Customer, CustomerTime } from '@app/customers';
import { EntitlementsService, EntitlementSnapshots } from '@app/entitlements';
import { type Actor, newId, notFound, SYSTEM_ACTOR } from '@app/kernel';
import { isUnavailable } from '@app/platform';
import { CheckReader } from './counting/check-reader.js';
import { CommandRunner } from './counting/command-runner.js';
import { ReservationsRepository } from './counting/reservations.repository.js';
import { UsageIngestion } from './counting/usage-ingestion.js';
import type { Report } from './domain/report.js';
import { consumeAll, consumeOne, type JointDecision } from './domain/consume-commands.js';
import { correctUsage, returnUnits } from './domain/correction-commands.js';
import type { Decision } from './domain/decide.js';
import type { IngestResult, UsageEvent } from './domain/ingest-command.js';
import type { CounterKey } from './domain/ledger.js';
import type { Reservation } from './domain/reservation.js';
import {
  commitReservation,
  expireReservations,
  extendReservation,
  releaseReservation,
  type ReservationDecision,
  reserveUnits,
} from './domain/reservation-commands.js';
import type { FeatureQuantity, IdempotencyClaim, UsageResult } from './domain/usage-command.js';

/** A customer and a product, by their keys. */
export interface UsageScope {
  customer: Pick<Customer, 'id' | 'key'>;
  product: string;
}

/** One feature of a product, for one customer. */
export interface UsageSubject extends UsageScope {
  feature: string;
}

/** The actor and the Idempotency-Key of a change of usage. */
export interface RequestContext {
  actor: Actor;
  idempotency?: IdempotencyClaim;
}

/** An existing reservation, as `locateReservation` returns it. */
export type ReservationRef = Pick<Reservation, 'id' | 'windowStart' | 'entityId'>;

const EXPIRY_BATCH = 500;

/** SHA-256 of a request, hexadecimal. An Idempotency-Key that comes back with another one is refused. */
export const fingerprintOf = (content: string): string => createHash('sha256').update(content).digest('hex');

/** Decides what customers may do, and counts what they use. */
@Injectable()
export class MeteringService {
  constructor(
    private readonly snapshots: EntitlementSnapshots,
    private readonly entitlements: EntitlementsService,
    private readonly catalog: CatalogReader,
    private readonly reservations: ReservationsRepository,
    private readonly checks: CheckReader,
    private readonly commands: CommandRunner,
    private readonly ingestion: UsageIngestion,
    private readonly time: CustomerTime,
  ) {}

  /**
   * Decides whether a customer may use `quantity` units now. Counts nothing; metered features are read from the
   * database. A decision that needs no read is returned without a promise, so that a caller need not wait for it.
   * @throws DomainError `customer_not_found`, `product_not_found`, `feature_not_found`
   * @example
   * const { allowed, remaining } = await metering.check({ customer, product: 'api', feature: 'calls', quantity: 1 });
   */
  check(request: UsageSubject & Report & { quantity: number }): Decision | Promise<Decision> {
    const decision = this.checks.check(request);
    return decision instanceof Promise ? decision.catch((error: unknown) => this.checkAfter(error, request)) : decision;
  }

  /**
   * Checks one unit of each feature, of an entity if named. @returns the decisions, in the order of the features
   * @throws DomainError as `check`
   * @example
   * const [exports, seats] = await metering.checkMany({ customer, product: 'api' }, ['exports', 'seats']);
   */
  checkMany(scope: UsageScope & Pick<Report, 'entity'>, features: string[]): Promise<Decision[]> {
    return Promise.all(features.map(async (feature) => this.check({ ...scope, feature, quantity: 1 })));
  }

  /**
   * Checks one unit of every feature that the customer's plan, overrides and grants name.
   * @throws DomainError `customer_not_found`, `product_not_found`
   * @example
   * const decisions = await metering.checkAll({ customer, product: 'api' });
   */
  async checkAll(scope: UsageScope): Promise<Decision[]> {
    const snapshot = await this.snapshots.snapshotOf(scope.customer, 'fresh');
    return this.checkMany(scope, await this.entitlements.currentFeatureKeys(snapshot, scope.product));
  }

  /**
   * Counts the units if, and only if, they are allowed. Durable when it returns. A feature with `overage: cap` may
   * count fewer units than requested.
   * @throws DomainError `feature_not_found`, `feature_not_metered`, `idempotency_key_reused`, `overloaded`
   * @throws DomainError `entity_required`, `invalid_fields` when the value does not fit the aggregation
   * @example
   * const request = { customer, product: 'api', feature: 'calls', quantity: 1, actor };
   * const { answer, replayed } = await metering.consume(request);
   */
  consume(
    request: UsageSubject & RequestContext & Report & { quantity: number; properties?: object },
  ): Promise<UsageResult<Decision>> {
    return this.commands
      .run(consumeOne(request))
      .catch((error: unknown) => ({ answer: this.checks.degraded(error, request), replayed: false }));
  }

  /**
   * Counts units of several features: all of them or none. @throws DomainError as `consume`
   * @example
   * const features = [{ feature: 'calls', quantity: 1 }, { feature: 'tokens', quantity: 900 }];
   * const { answer } = await metering.consumeAll({ customer, product: 'api', features, actor });
   */
  consumeAll(
    request: UsageScope & RequestContext & { features: FeatureQuantity[]; properties?: object },
  ): Promise<UsageResult<JointDecision>> {
    return this.commands.run(consumeAll(request));
  }

  /**
   * Reserves units until they are committed, released, or `ttlSeconds` have passed. @throws DomainError as `consume`
   * @example
   * const request = { customer, product: 'api', feature: 'tokens', quantity: 500, ttlSeconds: 60, actor };
   * const { answer } = await metering.reserve(request);
   */
  reserve(
    request: UsageSubject & RequestContext & Pick<Report, 'entity'> & { quantity: number; ttlSeconds: number },
  ): Promise<UsageResult<ReservationDecision>> {
    return this.commands.run(reserveUnits({ ...request, id: newId() }));
  }

  /**
   * Counts reserved units, all of them unless `quantity` is given, and releases the rest.
   * @throws DomainError `reservation_not_found`, `reservation_expired`, `reservation_settled`, `exceeds_reservation`
   * @example
   * const { reservation } = await metering.locateReservation(id);
   * await metering.commit({ customer, product: 'api', feature: 'tokens', reservation, quantity: 420, actor });
   */
  commit(
    request: UsageSubject & RequestContext & { reservation: ReservationRef; quantity?: number },
  ): Promise<UsageResult<Decision>> {
    return this.commands.run(commitReservation(request));
  }

  /**
   * Releases all units of a reservation. Repeating it changes nothing.
   * @throws DomainError `reservation_not_found`, `reservation_settled` when it is committed
   * @example
   * await metering.release({ customer, product: 'api', feature: 'tokens', reservation, actor });
   */
  release(request: UsageSubject & RequestContext & { reservation: ReservationRef }): Promise<UsageResult<Decision>> {
    return this.commands.run(releaseReservation(request));
  }

  /**
   * Extends a reservation that is still in use: it expires `ttlSeconds` from now.
   * @throws DomainError `reservation_not_found`, `reservation_expired`, `reservation_settled`
   * @example
   * await metering.heartbeat({ customer, product: 'api', feature: 'seats', reservation, ttlSeconds: 60, actor });
   */
  heartbeat(
    request: UsageSubject & RequestContext & { reservation: ReservationRef; ttlSeconds: number },
  ): Promise<UsageResult<ReservationDecision>> {
    return this.commands.run(extendReservation(request));
  }

  /**
   * Finds the customer, feature and window of a reservation. @throws DomainError `reservation_not_found`
   * @example
   * const { customerId, featureId, reservation } = await metering.locateReservation(id);
   */
  async locateReservation(id: string): Promise<{ customerId: string; featureId: string; reservation: ReservationRef }> {
    const stored = await this.reservations.find(id);
    if (!stored) throw notFound('reservation');
    const { customerId, featureId, windowStart, entityId } = stored;
    return { customerId, featureId, reservation: { id, windowStart, entityId } };
  }

  /**
   * Ingests usage events of one customer that have already happened, beyond any limit, each in the window of its
   * time. An event is counted once per id, and only if the customer was entitled when it occurred.
   * @returns one result for each event, in their order
   * @example
   * const events = [{ id: 'job-7', feature: 'calls', quantity: 3, occurredAt: new Date('2031-01-10') }];
   * const [{ status }] = await metering.ingest({ customer, product: 'api', events, actor });
   */
  ingest({ events, ...request }: UsageScope & RequestContext & { events: UsageEvent[] }): Promise<IngestResult[]> {
    return this.ingestion.ingest(request, events);
  }

  /**
   * Corrects usage by hand: positive adds, negative takes back.
   * @throws DomainError `exceeds_usage`, `feature_not_metered`
   * @example
   * await metering.correct({ customer, product: 'api', feature: 'calls', quantity: -3, reason: 'refund', actor });
   */
  correct(
    request: UsageSubject & RequestContext & Report & { quantity: number; at?: Date; reason: string },
  ): Promise<UsageResult<Decision>> {
    return this.commands.run(correctUsage(request));
  }

  /**
   * Returns units that are in use no longer, such as a deleted seat; never more than were used.
   * @throws DomainError `feature_not_metered`
   * @example
   * await metering.returnUnits({ customer, product: 'api', feature: 'seats', quantity: 1, actor });
   */
  async returnUnits(request: UsageSubject & RequestContext & { quantity: number }): Promise<void> {
    await this.commands.run(returnUnits(request));
  }

  /**
   * Stores which reservations have expired. Each is stored exactly once, on any number of instances.
   * @returns the number of counters that were updated
   * @example
   * const counters = await metering.expireReservations();
   */
  async expireReservations(): Promise<number> {
    const due = await this.reservations.countersWithExpired(this.time.real(), EXPIRY_BATCH);
    const features = new Map(
      (await this.catalog.featuresById([...new Set(due.map(({ featureId }) => featureId))])).map((feature) => [
        feature.id,
        feature,
      ]),
    );
    const snapshots = await this.snapshots.refresh([...new Set(due.map(({ customerId }) => customerId))]);
    const outcomes = await Promise.allSettled(
      due.map(async ({ customerId, featureId, windowStart }: CounterKey) => {
        const { key: feature, productId } = features.get(featureId)!;
        const snapshot = snapshots.get(customerId);
        if (!snapshot) return;
        const product = await this.catalog.productKey(productId);
        const { customer } = snapshot;
        await this.commands.run(expireReservations({ customer, product, feature, windowStart, actor: SYSTEM_ACTOR }));
      }),
    );
    return outcomes.filter(({ status }) => status === 'fulfilled').length;
  }

  /** Decides without the database, or for the customer that has taken over the key of a deleted one. */
  private async checkAfter(error: unknown, request: UsageSubject & Report & { quantity: number }): Promise<Decision> {
    if (isUnavailable(error)) return this.checks.degraded(error, request);
    return this.check({ ...request, customer: await this.snapshots.successorOf(request.customer, error) });
  }
}
