import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { grouped, type Interval, type PageRequest } from '@app/kernel';
import { Batcher, Database, jsonList, PipelinedDatabase, selectList, type Statement } from '@app/platform';
import {
  PlanAssignmentEntity,
  PlanEntitlementEntity,
  PlanEntity,
  PlanPriceEntity,
  PlanVersionEntity,
} from './catalog.entities.js';
import type { Assignment, Feature, Plan, PlanContent, PlanStatus, PlanVersion, Price } from './domain/catalog.js';

/** Filters of a list of plans. A plan matches when one of its prices does. */
export interface PlanFilter {
  status?: PlanStatus;
  public?: boolean;
  region?: string;
  deviceType?: string;
  currency?: string;
  interval?: Interval;
}

/** The version to show: the published one, or the draft of a plan that was never published. */
const SHOWN_VERSION = 'coalesce(plan.currentVersion, 1)';
const HAS_MATCHING_PRICE = `exists (select 1 from plan_prices x where x.plan_id = plan.id and x.version = ${SHOWN_VERSION}
  and (:region::text is null or x.region is null or x.region = :region) and (:deviceType::text is null or x.device_type is null or x.device_type = :deviceType)
  and (:currency::text is null or x.currency = :currency) and (:interval::text is null or x.interval = :interval))`;

const PRICE_MEMBERS: (keyof Price)[] = ['interval', 'intervalCount', 'amount', 'currency', 'region', 'deviceType'];
const PRICE = jsonList(PlanPriceEntity, 'x', PRICE_MEMBERS);
const VERSION = `
  select ${selectList(PlanVersionEntity, 'v')}, p.key as "planKey", p.product_id as "productId",
    coalesce((select json_agg(case when x.tiers is null then json_build_object(${PRICE}) else json_build_object(${PRICE}, 'tiers', x.tiers) end order by x.position) from plan_prices x where x.plan_id = v.plan_id and x.version = v.version), '[]') as prices,
    coalesce((select json_agg(json_build_object('featureId', e.feature_id, 'feature', f.key, 'terms', e.terms) order by e.position)
      from plan_entitlements e join features f on f.id = e.feature_id where e.plan_id = v.plan_id and e.version = v.version), '[]') as entitlements
  from plan_versions v join plans p on p.id = v.plan_id`;

const BY_KEY: Statement = {
  name: 'plans by key',
  text: `select p.* from unnest($1::uuid[], $2::text[]) as wanted (product, key)
    cross join lateral (select ${selectList(PlanEntity)} from plans where product_id = wanted.product and plans.key = wanted.key) p`,
};
const ASSIGNMENTS: Statement = {
  name: 'assignments of products',
  text: `select a.product_id as "productId", p.key as plan, a.region, a.device_type as "deviceType" from plan_assignments a join plans p on p.id = a.plan_id
    where a.product_id = any($1::uuid[]) order by a.position`,
};
const READS = { maxBatch: 256, maxQueued: 10_000, concurrency: 2 };

/** A plan, by its product and key. */
interface PlanName {
  productId: string;
  key: string;
}
const nameOf = ({ productId, key }: PlanName): string => `${productId} ${key}`;

@Injectable()
export class PlansRepository {
  /** Each sign-up reads a plan and the assignments: requests that arrive during a query share the next one. */
  private readonly plans = new Batcher<PlanName, Plan | null>((names) => this.loadPlans(names), READS);
  private readonly assignments = new Batcher<string, Assignment[]>((ids) => this.loadAssignments(ids), READS);

  constructor(
    private readonly database: Database,
    private readonly pipeline: PipelinedDatabase,
  ) {}

  find(productId: string, key: string): Promise<Plan | null> {
    return this.database.inTransaction
      ? this.database.manager.findOneBy(PlanEntity, { productId, key })
      : this.plans.add({ productId, key });
  }

  /** Locks the plan until the transaction ends. */
  lock(productId: string, key: string): Promise<Plan | null> {
    return this.database.writer.findOne(PlanEntity, { where: { productId, key }, lock: { mode: 'for_no_key_update' } });
  }

  plansOf(productId: string): Promise<Plan[]> {
    return this.database.manager.find(PlanEntity, { where: { productId }, order: { id: 'ASC' } });
  }

  /** Newest first. */
  list(productId: string, page: PageRequest, filter: PlanFilter): Promise<Plan[]> {
    const query = this.database.manager
      .createQueryBuilder(PlanEntity, 'plan')
      .where({ productId })
      .orderBy('plan.id', 'DESC')
      .limit(page.limit + 1);
    if (page.after) query.andWhere('plan.id < :after', { after: page.after });
    if (filter.status) query.andWhere({ status: filter.status });
    if (filter.public !== undefined) query.andWhere({ public: filter.public });
    const { region = null, deviceType = null, currency = null, interval = null } = filter;
    if (region ?? deviceType ?? currency ?? interval)
      query.andWhere(HAS_MATCHING_PRICE, { region, deviceType, currency, interval });
    return query.getMany();
  }

  async insert(plan: Plan): Promise<void> {
    await this.database.writer.insert(PlanEntity, plan);
  }

  async update(id: string, changes: Partial<Plan>): Promise<void> {
    await this.database.writer.update(PlanEntity, { id }, changes);
  }

  async findVersion(planId: string, version: number): Promise<PlanVersion | null> {
    const [row] = await this.database.query<PlanVersion>(`${VERSION} where v.plan_id = $1 and v.version = $2`, [
      planId,
      version,
    ]);
    return row ?? null;
  }

  /** Versions of several plans in one query. */
  versionsOf(versions: { planId: string; version: number }[]): Promise<PlanVersion[]> {
    return this.database.query<PlanVersion>(
      `${VERSION} join unnest($1::uuid[], $2::integer[]) as w (plan_id, version) on w.plan_id = v.plan_id and w.version = v.version`,
      [versions.map(({ planId }) => planId), versions.map(({ version }) => version)],
    );
  }

  /** Versions of a plan below `before`, newest first, drafts included. */
  allVersions(planId: string, before: number | null, limit: number): Promise<PlanVersion[]> {
    return this.database.query<PlanVersion>(
      `${VERSION} where v.plan_id = $1 and ($2::integer is null or v.version < $2) order by v.version desc limit $3`,
      [planId, before, limit],
    );
  }

  async draftVersion(planId: string): Promise<number | null> {
    const draft = await this.database.manager.findOneBy(PlanVersionEntity, { planId, publishedAt: IsNull() });
    return draft?.version ?? null;
  }

  async lastVersion(planId: string): Promise<number> {
    return (await this.database.manager.maximum(PlanVersionEntity, 'version', { planId })) ?? 0;
  }

  async insertVersion(
    planId: string,
    version: number,
    content: PlanContent,
    features: Map<string, Feature>,
    at: Date,
  ): Promise<void> {
    const { name, description, trialDays, prices, entitlements } = content;
    const { writer } = this.database;
    await writer.insert(PlanVersionEntity, {
      planId,
      version,
      name,
      description,
      trialDays,
      publishedAt: null,
      createdAt: at,
    });
    if (prices.length > 0)
      await writer.insert(
        PlanPriceEntity,
        prices.map((price, position) => ({ ...price, planId, version, position })),
      );
    if (entitlements.length === 0) return;
    const rows = entitlements.map(({ feature, terms }, position) => ({
      planId,
      version,
      position,
      featureId: features.get(feature)!.id,
      terms,
    }));
    await writer.insert(PlanEntitlementEntity, rows);
  }

  async deleteVersion(planId: string, version: number): Promise<void> {
    await this.database.write('delete from plan_versions where plan_id = $1 and version = $2', [planId, version]);
  }

  async publishVersion(planId: string, version: number, at: Date): Promise<void> {
    await this.database.writer.update(PlanVersionEntity, { planId, version }, { publishedAt: at });
  }

  async assignmentsOf(productId: string): Promise<Assignment[]> {
    if (!this.database.inTransaction) return this.assignments.add(productId);
    return (await this.database.query<AssignmentRow>(ASSIGNMENTS.text, [[productId]])).map(assignmentOf);
  }

  async replaceAssignments(
    productId: string,
    rules: { planId: string; region: string | null; deviceType: string | null }[],
  ): Promise<void> {
    await this.database.writer.delete(PlanAssignmentEntity, { productId });
    if (rules.length > 0)
      await this.database.writer.insert(
        PlanAssignmentEntity,
        rules.map((rule, position) => ({ ...rule, productId, position })),
      );
  }

  private async loadPlans(names: PlanName[]): Promise<{ answer: Plan | null }[]> {
    const distinct = [...new Map(names.map((name) => [nameOf(name), name])).values()];
    const rows = await this.pipeline.read<Plan>(BY_KEY, [
      distinct.map(({ productId }) => productId),
      distinct.map(({ key }) => key),
    ]);
    const plans = new Map(rows.map((plan) => [nameOf(plan), plan]));
    return names.map((name) => ({ answer: plans.get(nameOf(name)) ?? null }));
  }

  private async loadAssignments(productIds: string[]): Promise<{ answer: Assignment[] }[]> {
    const rows = await this.pipeline.read<AssignmentRow>(ASSIGNMENTS, [[...new Set(productIds)]]);
    const byProduct = grouped(rows, ({ productId }) => productId);
    return productIds.map((id) => ({ answer: (byProduct.get(id) ?? []).map(assignmentOf) }));
  }
}

type AssignmentRow = Assignment & { productId: string };
const assignmentOf = ({ plan, region, deviceType }: AssignmentRow): Assignment => ({ plan, region, deviceType });
