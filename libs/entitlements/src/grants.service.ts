import { Injectable } from '@nestjs/common';
import { CatalogReader, type Feature } from '@app/catalog';
import { type Customer, CustomersService, CustomerTime } from '@app/customers';
import {
  type Actor,
  admits,
  DomainError,
  type Interval,
  invalidField,
  newId,
  notFound,
  type Page,
  type PageRequest,
  type ScopeFilter,
  toPage,
} from '@app/kernel';
import { Events, type EventType } from '@app/events';
import { Database } from '@app/platform';
import type { Grant } from './domain/grant.js';
import { GrantsRepository } from './grants.repository.js';

/** The fields of a new grant. Counts are units. */
export interface NewGrant {
  customer: Customer;
  product: string;
  feature: string;
  quantity: number;
  /** 0 to 255; the lowest is burnt first. */
  priority?: number;
  /** Default: now. */
  effectiveAt?: Date;
  expiresAt?: Date;
  recurrence?: { interval: Interval; count?: number; anchor?: Date };
  rolloverMin?: number;
  /** Default: all units that are left at the end of a window roll over. */
  rolloverMax?: number;
  reason?: string;
  actor: Actor;
}

/** A grant and the key of its feature. */
export interface GrantOfFeature extends Grant {
  feature: string;
}

const DEFAULT_PRIORITY = 1;

/** Units given to single customers beside the included units of their plan. */
@Injectable()
export class GrantsService {
  constructor(
    private readonly catalog: CatalogReader,
    private readonly customers: CustomersService,
    private readonly grants: GrantsRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly time: CustomerTime,
  ) {}

  /**
   * Gives a customer units of a metered or credit feature. Records the event `grant.created`.
   * @throws DomainError `product_not_found`, `feature_not_found`, `feature_not_metered`, `feature_counts_values`
   * @throws DomainError `invalid_fields`
   * @example
   * const grant = await grants.give({ customer, product: 'api', feature: 'calls', quantity: 500, actor });
   */
  async give(input: NewGrant): Promise<GrantOfFeature> {
    const product = await this.catalog.getProduct(input.product);
    const feature = await this.catalog.getFeature(product.id, input.feature);
    assertCounted(feature);
    const now = await this.time.of(input.customer);
    const effectiveAt = input.effectiveAt ?? now;
    const { expiresAt = null, rolloverMax = null, recurrence } = input;
    // A null of the caller counts as left out.
    const rolloverMin = input.rolloverMin ?? 0;
    if (expiresAt && expiresAt <= effectiveAt) throw invalidField('expiresAt', 'must be after effectiveAt');
    if (rolloverMax !== null && rolloverMax < rolloverMin)
      throw invalidField('rolloverMax', 'must be rolloverMin or more');
    return this.database.transaction(async () => {
      const customer = await this.customers.lock(input.customer.id);
      const grant: Grant = {
        id: newId(),
        customerId: customer.id,
        featureId: feature.id,
        quantity: input.quantity,
        priority: input.priority ?? DEFAULT_PRIORITY,
        effectiveAt,
        expiresAt,
        recurrence: recurrence
          ? { interval: recurrence.interval, count: recurrence.count ?? 1, anchor: recurrence.anchor ?? effectiveAt }
          : null,
        timezone: customer.timezone,
        rolloverMin,
        rolloverMax,
        reason: input.reason ?? null,
        voidedAt: null,
        createdAt: now,
      };
      await this.grants.insert(grant);
      await this.record('grant.created', grant, feature, input);
      return { ...grant, feature: feature.key };
    });
  }

  /**
   * Voids the units that are left of a grant; burnt units stay burnt. Records the event `grant.voided`.
   * @throws DomainError `grant_not_found`, `grant_voided`
   * @example
   * await grants.void(customer, grant.id, { scope: principal.scope.filter, actor });
   */
  async void(customer: Customer, id: string, { scope, actor }: { scope: ScopeFilter; actor: Actor }): Promise<void> {
    await this.database.transaction(async () => {
      await this.customers.lock(customer.id);
      const { grant, feature } = await this.findInScope(customer, id, scope);
      if (!(await this.grants.void(customer.id, id, await this.time.of(customer))))
        throw new DomainError('conflict', 'grant_voided', 'The grant is already voided.');
      await this.record('grant.voided', grant, feature, { customer, actor });
    });
  }

  /**
   * One page of a customer's grants on a product, or on one feature, newest first; voided and expired ones too.
   * @throws DomainError `product_not_found`, `feature_not_found`
   * @example
   * const { data } = await grants.list(customer, { product: 'api', feature: 'calls' }, { limit: 20, after: null });
   */
  async list(
    customer: Customer,
    { product, feature }: { product: string; feature?: string },
    page: PageRequest,
  ): Promise<Page<GrantOfFeature>> {
    const { id: productId } = await this.catalog.getProduct(product);
    const featureId = feature === undefined ? null : (await this.catalog.getFeature(productId, feature)).id;
    return this.page(customer, { productId, featureId }, page);
  }

  /**
   * One grant of a customer, and its product by key.
   * @throws DomainError `grant_not_found` when it does not exist or is outside of the scope
   * @example
   * const { grant, product } = await grants.get(customer, id, principal.scope.filter);
   */
  async get(customer: Customer, id: string, scope: ScopeFilter): Promise<{ grant: GrantOfFeature; product: string }> {
    const { grant, feature } = await this.findInScope(customer, id, scope);
    return { grant: { ...grant, feature: feature.key }, product: await this.catalog.productKey(feature.productId) };
  }

  /**
   * One page of a customer's grants on all products, archived ones too; newest first.
   * @example
   * const { data } = await grants.listAll(customer, { limit: 20, after: null });
   */
  listAll(customer: Customer, page: PageRequest): Promise<Page<GrantOfFeature>> {
    return this.page(customer, { productId: null, featureId: null }, page);
  }

  private async findInScope(
    { id: customerId }: Customer,
    id: string,
    scope: ScopeFilter,
  ): Promise<{ grant: Grant; feature: Feature }> {
    const grant = await this.grants.find(customerId, id);
    const [feature] = grant ? await this.catalog.featuresById([grant.featureId]) : [];
    if (!grant || !feature || !admits(scope, { customerId, productId: feature.productId })) throw notFound('grant');
    return { grant, feature };
  }

  private async page(
    customer: Customer,
    filter: { productId: string | null; featureId: string | null },
    page: PageRequest,
  ): Promise<Page<GrantOfFeature>> {
    const { data, hasMore } = toPage(await this.grants.list(customer.id, filter, page), page.limit);
    const features = await this.catalog.featuresById([...new Set(data.map(({ featureId }) => featureId))]);
    const keys = new Map(features.map(({ id, key }) => [id, key]));
    return { data: data.map((grant) => ({ ...grant, feature: keys.get(grant.featureId)! })), hasMore };
  }

  private async record(
    type: EventType,
    grant: Grant,
    feature: Feature,
    { customer, actor, reason }: { customer: Customer; actor: Actor; reason?: string },
  ): Promise<void> {
    const { id, customerId, quantity, priority, effectiveAt, expiresAt, recurrence } = grant;
    await this.events.record({
      type,
      subject: { type: 'grant', id },
      customerId,
      productId: feature.productId,
      actor,
      reason,
      at: await this.time.of(customer),
      after: { feature: feature.key, quantity, priority, effectiveAt, expiresAt, recurrence },
    });
  }
}

/** @throws DomainError `feature_not_metered`, `feature_counts_values` */
function assertCounted({ type, aggregation }: Feature): void {
  if (type !== 'metered' && type !== 'credit') {
    throw new DomainError('invalid', 'feature_not_metered', `Usage of a ${type} feature is not counted.`, {
      errors: [{ field: 'feature', message: 'is not counted' }],
    });
  }
  if (aggregation !== 'sum')
    throw new DomainError(
      'invalid',
      'feature_counts_values',
      `The feature counts by ${aggregation}; units can be granted only where it counts their sum.`,
      { errors: [{ field: 'feature', message: `counts by ${aggregation}` }] },
    );
}
