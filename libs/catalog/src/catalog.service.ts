import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { Injectable } from '@nestjs/common';
import { type Actor, DomainError, SYSTEM_ACTOR } from '@app/kernel';
import { Events } from '@app/events';
import { Database } from '@app/platform';
import { BUILTIN_CATALOG, DEFAULT_PRODUCT } from './builtin-catalog.js';
import { CatalogReader } from './catalog-reader.js';
import type { Plan, Product } from './domain/catalog.js';
import {
  type CatalogDifference,
  type CatalogDocument,
  checkDocument,
  noChanges,
  normalizedRules,
} from './domain/catalog-document.js';
import { checkContent, sameContent } from './domain/plan-content.js';
import { OptionalPartsService } from './optional-parts.service.js';
import { PlansRepository } from './plans.repository.js';
import { PlansService, rawContent } from './plans.service.js';
import { ProductsRepository } from './products.repository.js';
import { ProductsService } from './products.service.js';

/** Thrown to roll back a dry run; carries the difference to the caller. */
class DryRun extends Error {
  constructor(readonly difference: CatalogDifference) {
    super('dry run');
  }
}

/** The catalogue of a product as one declarative document. */
@Injectable()
export class CatalogService {
  constructor(
    private readonly products: ProductsRepository,
    private readonly features: ProductsService,
    private readonly planRows: PlansRepository,
    private readonly plans: PlansService,
    private readonly optionalParts: OptionalPartsService,
    private readonly reader: CatalogReader,
    private readonly database: Database,
    private readonly events: Events,
  ) {}

  /**
   * The catalogue as a document. Applying it unchanged changes nothing.
   * @throws DomainError `product_not_found`
   * @example const document = await catalog.read('api');
   */
  async read(productKey: string): Promise<CatalogDocument> {
    const product = await this.products.findProduct(productKey);
    if (!product) throw new DomainError('not_found', 'product_not_found', 'There is no product with this key.');
    const features = (await this.products.featuresOf(product.id)).filter((feature) => !feature.archivedAt);
    const plans = (await this.planRows.plansOf(product.id)).filter((plan) => plan.status === 'published');
    const versions = new Map(
      (await this.planRows.versionsOf(plans.map((plan) => ({ planId: plan.id, version: plan.currentVersion! })))).map(
        (v) => [v.planId, v],
      ),
    );
    const optional = await this.optionalParts.read(product);
    return {
      product: { key: product.key, name: product.name },
      features: features.map(({ key, name, type, aggregation, unit, failurePolicy }) => ({
        key,
        name,
        type,
        aggregation,
        unit,
        failurePolicy,
      })),
      plans: plans.map((plan) => ({ key: plan.key, public: plan.public, ...rawContent(versions.get(plan.id)!) })),
      ...optional,
      assignment: await this.planRows.assignmentsOf(product.id),
    };
  }

  /**
   * Replaces the catalogue of a product by a document, in one transaction. Equal plans stay unchanged, others get a new
   * published version, missing plans and features are archived, and missing add-ons, coupons and tax rates when the
   * document has a list of them. Subscriptions keep the versions they were sold.
   * @throws DomainError `invalid_fields`, `feature_type_fixed`, `feature_aggregation_fixed`
   * @example const { plans } = await catalog.apply(document, { dryRun: true, actor });
   */
  async apply(
    document: CatalogDocument,
    { dryRun, actor }: { dryRun: boolean; actor: Actor },
  ): Promise<CatalogDifference> {
    checkDocument(document);
    // Its own: the transaction of an Idempotency-Key commits.
    const transaction = <T>(work: () => Promise<T>): Promise<T> =>
      dryRun ? this.database.inSeparateTransaction(work) : this.database.transaction(work);
    try {
      return await transaction(async () => {
        await this.database.write('select pg_advisory_xact_lock(hashtext($1))', [`catalogue ${document.product.key}`]);
        const { product, change } = await this.applyProduct(document, actor);
        const features = await this.features.applyFeatures(product.id, document.features, actor);
        const plans = await this.applyPlans(product, document, actor);
        const assignment = await this.applyAssignment(product, document, actor);
        const optional = await this.optionalParts.apply(product, document, actor);
        const difference = { dryRun, product: change, features, plans, ...optional, assignment };
        if (dryRun) throw new DryRun(difference);
        return difference;
      });
    } catch (error) {
      if (error instanceof DryRun) return error.difference;
      throw error;
    } finally {
      await this.reader.invalidate();
    }
  }

  /** Creates the default product and Tollgate's own catalogue when missing. Safe to run concurrently. */
  async ensureBuiltin(): Promise<void> {
    await this.database.transaction(async () => {
      await this.database.write('select pg_advisory_xact_lock(hashtext($1))', ['tollgate builtin catalogue']);
      if (!(await this.products.findProduct(DEFAULT_PRODUCT)))
        await this.features.create({ key: DEFAULT_PRODUCT, name: 'Default' }, SYSTEM_ACTOR);
      await this.apply(BUILTIN_CATALOG, { dryRun: false, actor: SYSTEM_ACTOR });
    });
  }

  /** Applies the sample catalogues of a folder to products without plans. @returns the keys of those products */
  async loadSamples(folder: string): Promise<string[]> {
    const loaded: string[] = [];
    for (const file of (await fs.readdir(folder)).filter((name) => name.endsWith('.json')).sort()) {
      const document = JSON.parse(await fs.readFile(path.join(folder, file), 'utf8')) as CatalogDocument;
      const product = await this.products.findProduct(document.product.key);
      if (product && (await this.planRows.plansOf(product.id)).length > 0) continue;
      await this.apply(document, { dryRun: false, actor: SYSTEM_ACTOR });
      loaded.push(document.product.key);
    }
    return loaded;
  }

  private async applyProduct(
    { product: wanted }: CatalogDocument,
    actor: Actor,
  ): Promise<{ product: Product; change: CatalogDifference['product'] }> {
    const stored = await this.products.lockProduct(wanted.key);
    if (!stored) return { product: await this.features.create(wanted, actor), change: 'created' };
    if (stored.name === wanted.name && !stored.archivedAt) return { product: stored, change: 'unchanged' };
    await this.products.updateProduct(stored.id, { name: wanted.name, archivedAt: null });
    await this.events.record({
      type: 'product.updated',
      subject: { type: 'product', id: stored.id },
      productId: stored.id,
      actor,
      before: { key: stored.key, name: stored.name },
      after: { key: stored.key, name: wanted.name },
    });
    return { product: stored, change: 'updated' };
  }

  private async applyPlans(
    product: Product,
    document: CatalogDocument,
    actor: Actor,
  ): Promise<CatalogDifference['plans']> {
    const features = await this.plans.featuresOf(product.id);
    const stored = new Map((await this.planRows.plansOf(product.id)).map((plan) => [plan.key, plan]));
    const changes = noChanges();
    for (const [index, wanted] of document.plans.entries()) {
      const content = checkContent(wanted, features, `plans.${index}.`);
      const known = stored.get(wanted.key);
      const isPublic = wanted.public ?? true;
      if (known && (await this.hasContent(known, isPublic, content))) {
        changes.unchanged.push(wanted.key);
        continue;
      }
      const plan = known ?? (await this.plans.insertPlan(product.id, wanted.key, isPublic));
      const draft = await this.planRows.draftVersion(plan.id);
      if (draft) await this.planRows.deleteVersion(plan.id, draft);
      const version = (await this.planRows.lastVersion(plan.id)) + 1;
      await this.planRows.insertVersion(plan.id, version, content, features, plan.updatedAt);
      await this.plans.publishVersion({ ...plan, public: isPublic }, version, actor);
      await this.planRows.update(plan.id, { public: isPublic });
      changes[known ? 'updated' : 'created'].push(wanted.key);
    }
    const kept = new Set(document.plans.map(({ key }) => key));
    for (const plan of stored.values()) {
      if (kept.has(plan.key) || plan.status === 'archived') continue;
      await this.plans.archivePlan(plan, actor);
      changes.archived.push(plan.key);
    }
    return changes;
  }

  private async hasContent(plan: Plan, isPublic: boolean, content: object): Promise<boolean> {
    if (plan.status !== 'published' || plan.public !== isPublic) return false;
    const version = await this.planRows.findVersion(plan.id, plan.currentVersion!);
    const { name, description, trialDays, prices, entitlements } = version!;
    const current = {
      name,
      description,
      trialDays,
      prices,
      entitlements: entitlements.map(({ feature, terms }) => ({ feature, terms })),
    };
    return sameContent(current, content);
  }

  private async applyAssignment(
    product: Product,
    document: CatalogDocument,
    actor: Actor,
  ): Promise<CatalogDifference['assignment']> {
    const before = await this.planRows.assignmentsOf(product.id);
    const after = normalizedRules(document.assignment);
    if (sameContent(before, after)) return 'unchanged';
    const planIds = new Map((await this.planRows.plansOf(product.id)).map((plan) => [plan.key, plan.id]));
    await this.planRows.replaceAssignments(
      product.id,
      after.map(({ plan, region, deviceType }) => ({ planId: planIds.get(plan)!, region, deviceType })),
    );
    await this.events.record({
      type: 'product.assignment_changed',
      subject: { type: 'product', id: product.id },
      productId: product.id,
      actor,
      before: { rules: before },
      after: { rules: after },
    });
    return 'changed';
  }
}
