import { Injectable } from '@nestjs/common';
import type { Actor } from '@app/kernel';
import { Database } from '@app/platform';
import type { Subscription } from './domain/subscription.js';
import { LIVE, SELECTED } from './subscription-row.js';

/** The migration of all live subscriptions of a plan to one version. */
export interface PlanMigration {
  id: string;
  planId: string;
  planKey: string;
  productId: string;
  version: number;
  atPeriodEnd: boolean;
  actor: Actor;
  reason: string | null;
  state: 'running' | 'done';
  /** Cursor: the last subscription processed. */
  reached: string | null;
  moved: number;
  /** Skipped: set to end, paused, with another scheduled change, or without a matching price in the version. */
  skipped: number;
  /** Subscriptions on other versions at the start. */
  total: number;
  createdAt: Date;
  finishedAt: Date | null;
}

export interface VersionCount {
  version: number;
  live: number;
}

const COLUMNS = `id, plan_id as "planId", (select key from plans p where p.id = plan_id) as "planKey", (select product_id from plans p where p.id = plan_id) as "productId", version, at_period_end as "atPeriodEnd", actor, reason, state, reached, moved, skipped, total, created_at as "createdAt", finished_at as "finishedAt"`;

@Injectable()
export class PlanMigrationsRepository {
  constructor(private readonly database: Database) {}

  async find(id: string): Promise<PlanMigration | null> {
    const [found] = await this.database.query<PlanMigration>(`select ${COLUMNS} from plan_moves where id = $1`, [id]);
    return found ?? null;
  }

  /** Locks a running migration that no other worker has locked. */
  async lockRunning(): Promise<PlanMigration | null> {
    const [found] = await this.database.write<PlanMigration>(
      `select ${COLUMNS} from plan_moves where state = 'running' order by id limit 1 for update skip locked`,
    );
    return found ?? null;
  }

  /** The next subscriptions on other versions, oldest first. */
  next({ planId, version, reached }: PlanMigration, limit: number): Promise<Subscription[]> {
    return this.database.query(
      `select ${SELECTED} from subscriptions s where s.plan_id = $1 and ${LIVE} and s.plan_version <> $2 and ($3::uuid is null or s.id > $3) order by s.id limit $4`,
      [planId, version, reached, limit],
    );
  }

  /** Live subscriptions of a plan by version, oldest version first. */
  countByVersion(planId: string): Promise<VersionCount[]> {
    return this.database.query(
      `select s.plan_version as version, count(*)::int as live from subscriptions s where s.plan_id = $1 and ${LIVE} group by s.plan_version order by s.plan_version`,
      [planId],
    );
  }

  async countOthers(planId: string, version: number): Promise<number> {
    const [row] = await this.database.query<{ count: number }>(
      `select count(*)::int as count from subscriptions s where s.plan_id = $1 and ${LIVE} and s.plan_version <> $2`,
      [planId, version],
    );
    return row!.count;
  }

  async insert({
    id,
    planId,
    version,
    atPeriodEnd,
    actor,
    reason,
    state,
    total,
    createdAt,
  }: PlanMigration): Promise<void> {
    await this.database.write(
      `insert into plan_moves (id, plan_id, version, at_period_end, actor, reason, state, total, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [id, planId, version, atPeriodEnd, actor, reason, state, total, createdAt],
    );
  }

  async update({ id, state, reached, moved, skipped, finishedAt }: PlanMigration): Promise<void> {
    await this.database.write(
      'update plan_moves set state = $2, reached = $3, moved = $4, skipped = $5, finished_at = $6 where id = $1',
      [id, state, reached, moved, skipped, finishedAt],
    );
  }
}
