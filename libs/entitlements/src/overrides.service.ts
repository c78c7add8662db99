import { Injectable } from '@nestjs/common';
import { CatalogReader, checkTerms, type EntitlementTerms, type Feature, type MeteredTerms } from '@app/catalog';
import { type Customer, CustomersService, CustomerTime } from '@app/customers';
import { type Actor, DomainError, invalidField, type Page, type PageRequest, toPage } from '@app/kernel';
import { Events, type EventType } from '@app/events';
import { Database } from '@app/platform';
import type { Override } from './domain/entitlement-snapshot.js';
import { OverridesRepository } from './overrides.repository.js';

/** Terms for one customer. Defaults of a metered feature: the window is the billing period, overage is denied. */
export interface NewOverride {
  customer: Customer;
  product: string;
  feature: string;
  terms: object;
  expiresAt?: Date;
  reason?: string;
  actor: Actor;
}

/** An override and the key of its feature. A customer has one per feature: the id of the feature is its id too. */
export interface OverrideOfFeature extends Override {
  id: string;
  feature: string;
}

const METERED_DEFAULTS: Pick<MeteredTerms, 'window'> = { window: 'billing_period' };

/** Terms of single customers in place of their plan's. They apply to the very next check on every instance. */
@Injectable()
export class OverridesService {
  constructor(
    private readonly catalog: CatalogReader,
    private readonly customers: CustomersService,
    private readonly overrides: OverridesRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly time: CustomerTime,
  ) {}

  /**
   * Sets or replaces the override of a feature. Records the event `entitlement.overridden`.
   * @throws DomainError `product_not_found`, `feature_not_found`, `invalid_fields`
   * @example
   * await overrides.set({ customer, product: 'api', feature: 'calls', terms: { type: 'metered', limit: 500 }, actor });
   */
  async set(input: NewOverride): Promise<{ feature: Feature; override: Override }> {
    const feature = await this.findFeature(input);
    const now = await this.time.of(input.customer);
    if (input.expiresAt && input.expiresAt <= now) throw invalidField('expiresAt', 'must be in the future');
    const terms: EntitlementTerms = checkTerms(
      feature,
      feature.type === 'metered' ? { ...METERED_DEFAULTS, ...input.terms } : input.terms,
    );
    return this.database.transaction(async () => {
      await this.customers.lock(input.customer.id);
      const before = await this.overrides.find(input.customer.id, feature.id);
      const override: Override = {
        featureId: feature.id,
        terms,
        expiresAt: input.expiresAt ?? null,
        reason: input.reason ?? null,
        createdAt: before?.createdAt ?? now,
        updatedAt: now,
      };
      await this.overrides.save(input.customer.id, override);
      await this.record('entitlement.overridden', input, feature, before, override);
      return { feature, override };
    });
  }

  /**
   * Removes an override: the terms of the plan apply again. Records the event `entitlement.override_removed`.
   * @throws DomainError `product_not_found`, `feature_not_found`, `override_not_found`
   * @example
   * await overrides.remove({ customer, product: 'api', feature: 'calls', actor });
   */
  async remove(input: Omit<NewOverride, 'terms' | 'expiresAt'>): Promise<void> {
    const feature = await this.findFeature(input);
    await this.database.transaction(async () => {
      await this.customers.lock(input.customer.id);
      const before = await this.overrides.find(input.customer.id, feature.id);
      if (!before)
        throw new DomainError('not_found', 'override_not_found', 'The customer has no override of this feature.');
      await this.overrides.delete(input.customer.id, feature.id);
      await this.record('entitlement.override_removed', input, feature, before, null);
    });
  }

  /**
   * One page of a customer's overrides on a product, newest feature first; expired ones too.
   * @param input.feature key of a feature: only its override
   * @throws DomainError `product_not_found`, `feature_not_found`
   * @example
   * const { data } = await overrides.list({ customer, product: 'api' }, { limit: 20, after: null });
   */
  async list(
    { customer, product, feature }: Pick<NewOverride, 'customer' | 'product'> & { feature?: string },
    page: PageRequest,
  ): Promise<Page<OverrideOfFeature>> {
    const { id: productId } = await this.catalog.getProduct(product);
    const featureId = feature === undefined ? null : (await this.catalog.getFeature(productId, feature)).id;
    const { data, hasMore } = toPage(await this.overrides.list(customer.id, productId, featureId, page), page.limit);
    const features = await this.catalog.featuresById(data.map((override) => override.featureId));
    const keys = new Map(features.map(({ id, key }) => [id, key]));
    const named = (override: Override) => ({
      ...override,
      id: override.featureId,
      feature: keys.get(override.featureId)!,
    });
    return { data: data.map(named), hasMore };
  }

  private async findFeature({ product, feature }: { product: string; feature: string }): Promise<Feature> {
    const { id } = await this.catalog.getProduct(product);
    return this.catalog.getFeature(id, feature);
  }

  private async record(
    type: EventType,
    { customer, actor, reason }: { customer: Customer; actor: Actor; reason?: string },
    feature: Feature,
    before: Override | null,
    after: Override | null,
  ): Promise<void> {
    const payload = (override: Override | null): object | null =>
      override && { feature: feature.key, featureId: feature.id, terms: override.terms, expiresAt: override.expiresAt };
    const subject = { type: 'customer', id: customer.id };
    await this.events.record({
      type,
      subject,
      customerId: customer.id,
      productId: feature.productId,
      actor,
      reason,
      at: await this.time.of(customer),
      before: payload(before),
      after: payload(after),
    });
  }
}
