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

/** A plan and the version of it that matters: the one sold now, or the draft of a plan not sold yet. */
export interface PlanAndVersion {
  plan: Plan;
  version: PlanVersion;
}

/** A change of a plan: what is left out stays, lists are replaced whole. */
export interface PlanPatch extends Partial<RawContent> {
  public?: boolean;
}

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

  /** The version sold now. @throws DomainError `plan_not_found` when there is none, it is a draft or archived */
  async getPublished(productId: string, key: string): Promise<PlanAndVersion> {
    const plan = await this.plans.find(productId, key);
    if (!plan || plan.status !== 'published') throw planNotFound();
    return { plan, version: await this.reader.getVersion(plan.id, plan.currentVersion!) };
  }

  /** The id of a plan, whatever has become of it. @throws DomainError `plan_not_found` */
  async idOf(productId: string, key: string): Promise<string> {
    const plan = await this.plans.find(productId, key);
    if (!plan) throw planNotFound();
    return plan.id;
  }

  /** The plan that the product's rules give to such a buyer, or null when no rule fits. */
  async assignedPlan(productId: string, buyer: Buyer): Promise<PlanAndVersion | null> {
    const rule = chooseAssignment(await this.plans.assignmentsOf(productId), buyer);
    return rule && this.getPublished(productId, rule.plan);
  }

  /** One plan; outsiders see only what is published and public. @throws DomainError `plan_not_found` */
  async get(product: string, key: string, everything: boolean): Promise<PlanAndVersion> {
    const { id } = await this.reader.getProduct(product);
    const plan = await this.plans.find(id, key);
    if (!plan || (!everything && (plan.status !== 'published' || !plan.public))) throw planNotFound();
    return (await this.withVersions([plan]))[0]!;
  }

  /** Newest first; outsiders see only what is published and public. */
  async list(
    product: string,
    page: PageRequest,
    filter: PlanFilter,
    everything: boolean,
  ): Promise<Page<PlanAndVersion & { id: string }>> {
    const { id } = await this.reader.getProduct(product);
    const rows = await this.plans.list(
      id,
      page,
      everything ? filter : { ...filter, status: 'published', public: true },
    );
    const { data, hasMore } = toPage(rows, page.limit);
    return { data: (await this.withVersions(data)).map((found) => ({ ...found, id: found.plan.id })), hasMore };
  }

  /** Every version, newest first. `page.after` is the version number last seen. */
  async versions(product: string, key: string, page: PageRequest): Promise<Page<PlanVersion & { id: string }>> {
    const { plan } = await this.get(product, key, true);
    const rows = await this.plans.allVersions(plan.id, page.after === null ? null : Number(page.after), page.limit + 1);
    return toPage(
      rows.map((row) => ({ ...row, id: String(row.version) })),
      page.limit,
    );
  }

  /** Makes a plan with a draft of its first version. @throws DomainError `plan_exists`, `invalid_fields` */
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
        throw new DomainError('conflict', 'plan_exists', 'This key is taken.');
      throw error;
    }
    this.reader.invalidate();
    return this.get(product, input.key, true);
  }

  /** Edits the draft, or makes one from the version sold now. @throws DomainError `plan_not_found`, `plan_archived`, `stale`, `invalid_fields` */
  async change(command: PlanCommand, patch: PlanPatch): Promise<PlanAndVersion> {
    return this.onPlan(command, async (plan, features) => {
      const draft = await this.plans.draftVersion(plan.id);
      const base = (await this.plans.findVersion(plan.id, draft ?? plan.currentVersion!))!;
      const content = checkContent({ ...rawContent(base), ...given(patch) }, features);
      if (draft) await this.plans.deleteVersion(plan.id, draft);
      await this.plans.insertVersion(
        plan.id,
        draft ?? (await this.plans.lastVersion(plan.id)) + 1,
        content,
        features,
        this.clock.now(),
      );
      await this.touch(plan, { public: patch.public ?? plan.public });
      await this.record('plan.draft_changed', plan, command.actor, rawContent(base), content);
    });
  }

  /** Makes the draft the version that is sold from now on; it never changes again. @throws DomainError `nothing_to_publish`, `no_price`, `stale` */
  async publish(command: PlanCommand): Promise<PlanAndVersion> {
    return this.onPlan(command, async (plan) => {
      const draft = await this.plans.draftVersion(plan.id);
      if (!draft) throw new DomainError('conflict', 'nothing_to_publish', 'The plan has no draft.');
      const version = (await this.plans.findVersion(plan.id, draft))!;
      if (version.prices.length === 0)
        throw new DomainError('conflict', 'no_price', 'A plan needs at least one price before it is published.');
      await this.putOnSale(plan, draft, command.actor);
    });
  }

  /** Takes a plan off sale. Subscriptions on it go on. @throws DomainError `plan_archived`, `plan_assigned`, `stale` */
  async archive(command: PlanCommand): Promise<PlanAndVersion> {
    return this.onPlan(command, async (plan) => {
      const rules = await this.plans.assignmentsOf(plan.productId);
      if (rules.some((rule) => rule.plan === plan.key))
        throw new DomainError(
          'conflict',
          'plan_assigned',
          'New customers are assigned to this plan; change the assignment first.',
        );
      await this.takeOffSale(plan, command.actor);
    });
  }

  /** Needs a transaction. */
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
  async putOnSale(plan: Plan, version: number, actor: Actor): Promise<void> {
    await this.plans.publishVersion(plan.id, version, this.clock.now());
    await this.touch(plan, { status: 'published', currentVersion: version });
    await this.record('plan.published', plan, actor, { version: plan.currentVersion }, { version });
  }

  /** Needs a transaction. */
  async takeOffSale(plan: Plan, actor: Actor): Promise<void> {
    await this.touch(plan, { status: 'archived' });
    await this.record('plan.archived', plan, actor, { status: plan.status }, { status: 'archived' });
  }

  /** Needs a transaction. */
  async touch(plan: Plan, changes: Partial<Plan>): Promise<void> {
    await this.plans.update(plan.id, { ...changes, revision: plan.revision + 1, updatedAt: this.clock.now() });
  }

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
        throw new DomainError('stale', 'stale', 'The plan has changed since it was read.', {
          currentRevision: plan.revision,
        });
      }
      if (plan.status === 'archived') throw new DomainError('conflict', 'plan_archived', 'The plan is archived.');
      await work(plan, await this.featuresOf(productId));
    });
    this.reader.invalidate();
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

/** A stored version in the form in which callers write it. */
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

function given({ name, description, trialDays, prices, entitlements }: PlanPatch): Partial<RawContent> {
  return Object.fromEntries(
    Object.entries({ name, description, trialDays, prices, entitlements }).filter(([, value]) => value !== undefined),
  );
}

function planNotFound(): DomainError {
  return new DomainError('not_found', 'plan_not_found', 'There is no such plan.');
}
