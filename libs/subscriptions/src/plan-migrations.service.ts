import { Injectable } from '@nestjs/common';
import { CatalogReader, PlansService } from '@app/catalog';
import { type Actor, Clock, DomainError, newId, notFound } from '@app/kernel';
import { Events, type EventType } from '@app/events';
import { Database, isUniqueViolation } from '@app/platform';
import type { When } from './domain/commands/index.js';
import type { Subscription } from './domain/subscription.js';
import { LifecycleService } from './lifecycle.service.js';
import { type PlanMigration, PlanMigrationsRepository, type VersionCount } from './plan-migrations.repository.js';

const BATCH = 50;

/** Migrates subscriptions on older versions of a plan to the newest one, in batches. */
@Injectable()
export class PlanMigrationsService {
  constructor(
    private readonly migrations: PlanMigrationsRepository,
    private readonly lifecycle: LifecycleService,
    private readonly plans: PlansService,
    private readonly catalog: CatalogReader,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /**
   * Starts a migration of all live subscriptions of a plan to its newest version. A job runs it in batches.
   * @throws DomainError `product_not_found`, `plan_not_found`, `plan_move_running`
   * @example const migration = await migrations.begin({ product: 'api', plan: 'pro', when: 'period_end', actor });
   */
  async begin({
    product,
    plan: key,
    when,
    actor,
    reason,
  }: {
    product: string;
    plan: string;
    when: When;
    actor: Actor;
    reason?: string;
  }): Promise<PlanMigration> {
    const { id: productId } = await this.catalog.getProduct(product);
    const { plan, version } = await this.plans.getPublished(productId, key);
    try {
      return await this.database.transaction(async () => {
        const migration: PlanMigration = {
          id: newId(),
          planId: plan.id,
          planKey: key,
          productId,
          version: version.version,
          atPeriodEnd: when === 'period_end',
          actor,
          reason: reason ?? null,
          state: 'running',
          reached: null,
          moved: 0,
          skipped: 0,
          total: await this.migrations.countOthers(plan.id, version.version),
          createdAt: this.clock.now(),
          finishedAt: null,
        };
        await this.migrations.insert(migration);
        await this.record('plan.move_started', migration);
        return migration;
      });
    } catch (error) {
      if (isUniqueViolation(error, 'plan_moves_one_running'))
        throw new DomainError('conflict', 'plan_move_running', 'A migration of this plan is already running.');
      throw error;
    }
  }

  /**
   * The progress of a migration.
   * @throws DomainError `product_not_found`, `plan_not_found`, `plan_move_not_found`
   * @example const { state, moved, total } = await migrations.get('api', 'pro', id);
   */
  async get(product: string, key: string, id: string): Promise<PlanMigration> {
    const { plan } = await this.plans.get(product, key, true);
    const migration = await this.migrations.find(id);
    if (!migration || migration.planId !== plan.id) throw notFound('plan_move', 'plan migration');
    return migration;
  }

  /**
   * The number of live subscriptions on each version of a plan, as of now.
   * @throws DomainError `product_not_found`, `plan_not_found`
   * @example const [oldest] = await migrations.countByVersion('api', 'pro');
   */
  async countByVersion(product: string, key: string): Promise<VersionCount[]> {
    const { plan } = await this.plans.get(product, key, true);
    return this.migrations.countByVersion(plan.id);
  }

  /** Migrates one batch of a running migration that no other worker has locked. @returns false when there is none */
  step(): Promise<boolean> {
    return this.database.transaction(async () => {
      const migration = await this.migrations.lockRunning();
      if (!migration) return false;
      const batch = await this.migrations.next(migration, BATCH);
      for (const subscription of batch) {
        if (await this.migrateOne(subscription, migration)) migration.moved++;
        else migration.skipped++;
      }
      const last = batch.at(-1);
      const done = batch.length < BATCH;
      const after: PlanMigration = {
        ...migration,
        reached: last?.id ?? migration.reached,
        state: done ? 'done' : 'running',
        finishedAt: done ? this.clock.now() : null,
      };
      await this.migrations.update(after);
      if (done) await this.record('plan.move_finished', after);
      return true;
    });
  }

  /** Migrates one subscription. @returns false when it is skipped */
  private async migrateOne(
    { id, customerId, planKey, price }: Subscription,
    { atPeriodEnd, actor, reason }: PlanMigration,
  ): Promise<boolean> {
    const current = await this.lifecycle.applyDue(customerId, id);
    if (current.cancelAtPeriodEnd || current.scheduledChange) return false;
    try {
      const selection = { plan: planKey, interval: price.interval, intervalCount: price.intervalCount };
      await this.lifecycle.change({
        subscription: current,
        selection,
        when: atPeriodEnd ? 'period_end' : 'now',
        actor,
        reason: reason ?? undefined,
      });
      return true;
    } catch (error) {
      if (error instanceof DomainError) return false;
      throw error;
    }
  }

  private record(
    type: EventType,
    { id, planId, planKey, productId, version, atPeriodEnd, moved, skipped, total, actor, reason }: PlanMigration,
  ): Promise<void> {
    return this.events.record({
      type,
      subject: { type: 'plan', id: planId },
      productId,
      actor,
      reason,
      after: { key: planKey, move: id, version, atPeriodEnd, moved, skipped, total },
    });
  }
}
