import { Injectable } from '@nestjs/common';
import { type Actor, Clock, DomainError, newId, type Page, type PageRequest, toPage } from '@app/kernel';
import { Events, type EventType } from '@app/events';
import { Database, isUniqueViolation } from '@app/platform';
import { CatalogReader } from './catalog-reader.js';
import type { Feature, Plan, PlanVersion, Price } from './domain/catalog.js';
import { type Buyer, chooseAssignment } from './domain/choose-price.js';
import { checkContent, checkKey, type RawContent } from './domain/plan-content.js';
import { type PlanFilter, PlansRepository } from './plans.repository.js';
import { ProductsRepository } from './products.repository.js';

/** A plan with its published version, or with the draft of a plan that was never published. */
export interface PlanAndVersion {
  plan: Plan;
  version: PlanVersion;
}

/** A change of a plan. Members left out stay unchanged; lists are replaced as a whole. */
export interface PlanPatch extends Partial<RawContent> {
  public?: boolean;
}

/** The plan that a command changes. `expectedRevision` comes from If-Match. */
export interface PlanCommand {
  product: string;
  key: string;
  actor: Actor;
  expectedRevision?: number;
}

/** Plans, their drafts and their published versions. */
@Injectable()
export class PlansService {
  constructor(
    private readonly plans: PlansRepository,
    private readonly products: ProductsRepository,
    private readonly reader: CatalogReader,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /**
   * A plan with the version that is sold now.
   * @throws DomainError `plan_not_found` when the plan does not exist, is a draft or is archived
   * @example const { plan, version } = await plans.getPublished(product.id, 'pro');
   */
  async getPublished(productId: string, key: string): Promise<PlanAndVersion> {
    const plan = await this.plans.find(productId, key);
    if (!plan || plan.status !== 'published') throw planNotFound();
    return { plan, version: await this.reader.getVersion(plan.id, plan.currentVersion!) };
  }

  /** The id of a plan in any status. @throws DomainError `plan_not_found` */
  async idOf(productId: string, key: string): Promise<string> {
    const plan = await this.plans.find(productId, key);
    if (!plan) throw planNotFound();
    return plan.id;
  }

  /** The plan that the assignment rules of the product select for a buyer; null when no rule matches. */
  async assignedPlan(productId: string, buyer: Buyer): Promise<PlanAndVersion | null> {
    const rule = chooseAssignment(await this.plans.assignmentsOf(productId), buyer);
    return rule && this.getPublished(productId, rule.plan);
  }

  /**
   * A plan by key.
   * @param includeHidden false: only if it is published and public
   * @throws DomainError `plan_not_found`
   */
  async get(product: string, key: string, includeHidden: boolean): Promise<PlanAndVersion> {
    const { id } = await this.reader.getProduct(product);
    const plan = await this.plans.find(id, key);
    if (!plan || (!includeHidden && (plan.status !== 'published' || !plan.public))) throw planNotFound();
    return (await this.withVersions([plan]))[0]!;
  }

  /** Plans of a product, newest first. @param includeHidden false: only published and public ones */
  async list(
    product: string,
    page: PageRequest,
    filter: PlanFilter,
    includeHidden: boolean,
  ): Promise<Page<PlanAndVersion & { id: string }>> {
    const { id } = await this.reader.getProduct(product);
    const rows = await this.plans.list(
      id,
      page,
      includeHidden ? filter : { ...filter, status: 'published', public: true },
    );
    const { data, hasMore } = toPage(rows, page.limit);
    return { data: (await this.withVersions(data)).map((item) => ({ ...item, id: item.plan.id })), hasMore };
  }

  /** All versions of a plan, newest first. `page.after` is the last version number of the page before. */
  async versions(product: string, key: string, page: PageRequest): Promise<Page<PlanVersion & { id: string }>> {
    const { plan } = await this.get(product, key, true);
    const rows = await this.plans.allVersions(plan.id, page.after === null ? null : Number(page.after), page.limit + 1);
    return toPage(
      rows.map((row) => ({ ...row, id: String(row.version) })),
      page.limit,
    );
  }

  /**
   * Creates a plan with a draft of its first version.
   * @throws DomainError `plan_exists`, `invalid_fields`, `product_not_found`
   * @example await plans.create('api', { key: 'pro', name: 'Pro', prices, entitlements }, actor);
   */
  async create(
    product: string,
    input: RawContent & { key: string; public?: boolean },
    actor: Actor,
  ): Promise<PlanAndVersion> {
    checkKey(input.key);
    const { id: productId } = await this.reader.getProduct(product);
    const features = await this.featuresOf(productId);
    const content = checkContent(input, features);
    try {
      await this.database.transaction(async () => {
        const plan = await this.insertPlan(productId, input.key, input.public ?? true);
        await this.plans.insertVersion(plan.id, 1, content, features, plan.createdAt);
        await this.record('plan.created', plan, actor, null, content);
      });
    } catch (error) {
      if (isUniqueViolation(error, 'plans_key_unique'))
        throw new DomainError(
          'conflict',
          'plan_exists',
          'A plan with this key exists on the product; choose another key.',
        );
      throw error;
    }
    await this.reader.invalidate();
    return this.get(product, input.key, true);
  }

  /**
   * Updates the draft, or creates one from the published version.
   * @throws DomainError `plan_not_found`, `plan_archived`, `stale`, `invalid_fields`
   * @example await plans.change({ product: 'api', key: 'pro', actor, expectedRevision: 3 }, { trialDays: 30 });
   */
  async change(command: PlanCommand, patch: PlanPatch): Promise<PlanAndVersion> {
    return this.onPlan(command, async (plan, features) => {
      const draft = await this.plans.draftVersion(plan.id);
      const base = (await this.plans.findVersion(plan.id, draft ?? plan.currentVersion!))!;
      const content = checkContent({ ...rawContent(base), ...definedFields(patch) }, features);
      if (draft) await this.plans.deleteVersion(plan.id, draft);
      await this.plans.insertVersion(
        plan.id,
        draft ?? (await this.plans.lastVersion(plan.id)) + 1,
        content,
        features,
        this.clock.now(),
      );
      await this.update(plan, { public: patch.public ?? plan.public });
      await this.record('plan.draft_changed', plan, command.actor, rawContent(base), content);
    });
  }

  /**
   * Publishes the draft: new subscriptions get it. A published version never changes.
   * @throws DomainError `plan_not_found`, `plan_archived`, `nothing_to_publish`, `no_price`, `stale`
   * @example await plans.publish({ product: 'api', key: 'pro', actor });
   */
  async publish(command: PlanCommand): Promise<PlanAndVersion> {
    return this.onPlan(command, async (plan) => {
      const draft = await this.plans.draftVersion(plan.id);
      if (!draft)
        throw new DomainError(
          'conflict',
          'nothing_to_publish',
          'The plan has no draft to publish; update the plan to create one.',
        );
      const version = (await this.plans.findVersion(plan.id, draft))!;
      if (version.prices.length === 0)
        throw new DomainError(
          'conflict',
          'no_price',
          'The draft has no price; add at least one to `prices` before publishing.',
        );
      await this.publishVersion(plan, draft, command.actor);
    });
  }

  /**
   * Archives a plan: it is no longer sold; its subscriptions continue.
   * @throws DomainError `plan_not_found`, `plan_archived`, `plan_assigned`, `stale`
   * @example await plans.archive({ product: 'api', key: 'legacy', actor });
   */
  async archive(command: PlanCommand): Promise<PlanAndVersion> {
    return this.onPlan(command, async (plan) => {
      const rules = await this.plans.assignmentsOf(plan.productId);
      if (rules.some((rule) => rule.plan === plan.key))
        throw new DomainError(
          'conflict',
          'plan_assigned',
          'The plan is assigned to new customers; change the assignment rules first.',
        );
      await this.archivePlan(plan, command.actor);
    });
  }

  /** Inserts a draft plan without versions. Needs a transaction. */
  async insertPlan(productId: string, key: string, isPublic: boolean): Promise<Plan> {
    const now = this.clock.now();
    const plan: Plan = {
      id: newId(),
      productId,
      key,
      status: 'draft',
      public: isPublic,
      currentVersion: null,
      revision: 1,
      createdAt: now,
      updatedAt: now,
    };
    await this.plans.insert(plan);
    return plan;
  }

  /** Needs a transaction. */
  async publishVersion(plan: Plan, version: number, actor: Actor): Promise<void> {
    await this.plans.publishVersion(plan.id, version, this.clock.now());
    await this.update(plan, { status: 'published', currentVersion: version });
    await this.record('plan.published', plan, actor, { version: plan.currentVersion }, { version });
  }

  /** Needs a transaction. */
  async archivePlan(plan: Plan, actor: Actor): Promise<void> {
    await this.update(plan, { status: 'archived' });
    await this.record('plan.archived', plan, actor, { status: plan.status }, { status: 'archived' });
  }

  /** Updates a plan and increments its revision. Needs a transaction. */
  async update(plan: Plan, changes: Partial<Plan>): Promise<void> {
    await this.plans.update(plan.id, { ...changes, revision: plan.revision + 1, updatedAt: this.clock.now() });
  }

  /** Features of a product by key, archived ones too. */
  async featuresOf(productId: string): Promise<Map<string, Feature>> {
    const features = await this.products.featuresOf(productId);
    return new Map(features.map((feature) => [feature.key, feature]));
  }

  private async onPlan(
    command: PlanCommand,
    work: (plan: Plan, features: Map<string, Feature>) => Promise<void>,
  ): Promise<PlanAndVersion> {
    const { id: productId } = await this.reader.getProduct(command.product);
    await this.database.transaction(async () => {
      const plan = await this.plans.lock(productId, command.key);
      if (!plan) throw planNotFound();
      if (command.expectedRevision !== undefined && command.expectedRevision !== plan.revision) {
        throw new DomainError(
          'stale',
          'stale',
          'The plan was changed since you read it; read it again and retry with the new ETag.',
          {
            currentRevision: plan.revision,
          },
        );
      }
      if (plan.status === 'archived')
        throw new DomainError('conflict', 'plan_archived', 'The plan is archived and cannot be changed.');
      await work(plan, await this.featuresOf(productId));
    });
    await this.reader.invalidate();
    return this.get(command.product, command.key, true);
  }

  private async withVersions(plans: Plan[]): Promise<PlanAndVersion[]> {
    const versions = await this.plans.versionsOf(
      plans.map((plan) => ({ planId: plan.id, version: plan.currentVersion ?? 1 })),
    );
    const byPlan = new Map(versions.map((version) => [version.planId, version]));
    return plans.map((plan) => ({ plan, version: byPlan.get(plan.id)! }));
  }

  private record(
    type: EventType,
    { id, productId, key }: Plan,
    actor: Actor,
    before: object | null,
    after: object,
  ): Promise<void> {
    return this.events.record({
      type,
      subject: { type: 'plan', id },
      productId,
      actor,
      before: before && { key, ...before },
      after: { key, ...after },
    });
  }
}

/** A stored version in the form of requests. */
export function rawContent({
  name,
  description,
  trialDays,
  prices,
  entitlements,
}: PlanVersion): RawContent & { prices: Price[]; entitlements: object[] } {
  return {
    name,
    description,
    trialDays,
    prices,
    entitlements: entitlements.map(({ feature, terms }) => ({ feature, ...terms })),
  };
}

function definedFields({ name, description, trialDays, prices, entitlements }: PlanPatch): Partial<RawContent> {
  return Object.fromEntries(
    Object.entries({ name, description, trialDays, prices, entitlements }).filter(([, value]) => value !== undefined),
  );
}

function planNotFound(): DomainError {
  return new DomainError('not_found', 'plan_not_found', 'The product has no plan with this key.');
}
