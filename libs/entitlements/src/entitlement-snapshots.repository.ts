import { Injectable } from '@nestjs/common';
import type { EntitlementTerms } from '@app/catalog';
import { customerFromRow, type CustomerRow } from '@app/customers';
import { grouped } from '@app/kernel';
import { arrayLiteral, type Connection, PipelinedDatabase, type Statement } from '@app/platform';
import {
  historyNotKept,
  type StoredFacts,
  type Subscription,
  subscriptionFromFacts,
  subscriptionFromRow,
  type SubscriptionRow,
} from '@app/subscriptions';
import type { Grant } from './domain/grant.js';
import type { EntitlementSnapshot, Override } from './domain/entitlement-snapshot.js';
import { grantFromRow, type GrantRow } from './grant-row.js';
import { overrideFromRow, type OverrideRow } from './override-row.js';

/** Grants that ended longer ago than this no longer affect any decision. */
const GRANT_MEMORY = `interval '40 days'`;

/** The present of the customer `c`: of its test clock, or real time. */
const PRESENT = `coalesce((select t.now from test_clocks t where t.id = c.test_clock_id), $2::timestamptz)`;

/** One statement, so that all parts are of one instant and match the version. */
const SNAPSHOTS = `
  select to_json(c) as customer, v.version::float8 as version, customer_bucket(c.id) as bucket,
    (select json_agg(to_json(s) order by s.id desc) from subscriptions s
       where s.customer_id = c.id and (s.ended_at is null or s.id in (
         select distinct on (n.product_id) n.id from subscriptions n
         where n.customer_id = c.id and n.ended_at >= n.started_at order by n.product_id, n.id desc))) as subscriptions,
    (select json_agg(o) from entitlement_overrides o where o.customer_id = c.id) as overrides,
    (select json_agg(g order by g.id) from grants g
       where g.customer_id = c.id and g.voided_at is null and (g.expires_at is null or g.expires_at > ${PRESENT} - ${GRANT_MEMORY})) as grants
  from customers c join entitlement_versions v on v.customer_id = c.id
  where c.deleted_at is null and `;
const BY_KEY: Statement = { name: 'snapshots by key', text: `${SNAPSHOTS} c.key = any($1::text[])` };
const BY_ID: Statement = { name: 'snapshots by id', text: `${SNAPSHOTS} c.id = any($1::uuid[])` };

const VERSIONS: Statement = {
  name: 'entitlement versions',
  text: `select v.customer_id as "customerId", v.version::float8 as version from unnest($1::uuid[]) k (id) join entitlement_versions v on v.customer_id = k.id`,
};

/** A snapshot as of an earlier instant, from events: all of a subscription's until then, the last of each override. */
const AT: Statement = {
  name: 'snapshot at',
  text: `
  select to_json(c) as customer, v.version::float8 as version, customer_bucket(c.id) as bucket,
    (select json_agg(json_build_object('row', to_json(s), 'facts', (
         select json_agg(e.after order by e.at, e.id) from events e where e.subject_id = s.id and e.at <= $2), 'whole', (
         select min(e.sequence) = 1 from events e where e.subject_id = s.id))
       order by s.id desc) from subscriptions s where s.customer_id = c.id and s.created_at <= $2
         and (s.ended_at is null or s.ended_at > $2 or s.ended_at >= s.started_at)) as subscriptions,
    (select json_agg(o.after) from (select distinct on (coalesce(e.after, e.before) ->> 'featureId') e.after from events e
       where e.subject_id = c.id and e.type in ('entitlement.overridden', 'entitlement.override_removed') and e.at <= $2
       order by coalesce(e.after, e.before) ->> 'featureId', e.at desc, e.id desc) o where o.after is not null) as overrides,
    (select json_agg(g order by g.id) from grants g where g.customer_id = c.id and g.created_at <= $2 and (g.voided_at is null or g.voided_at > $2)) as grants
  from customers c join entitlement_versions v on v.customer_id = c.id where c.id = $1`,
};

/** A row of the snapshot as of an earlier instant. */
interface PastRow extends Pick<Row, 'customer' | 'version' | 'bucket' | 'grants'> {
  subscriptions: { row: SubscriptionRow; facts: StoredFacts[] | null; whole: boolean | null }[] | null;
  overrides: { featureId: string; terms: EntitlementTerms; expiresAt: string | null }[] | null;
}

/** A row of the current snapshot. */
interface Row {
  customer: CustomerRow;
  version: number;
  bucket: number;
  subscriptions: SubscriptionRow[] | null;
  overrides: OverrideRow[] | null;
  grants: GrantRow[] | null;
}

/** Reads snapshots, each in one statement. */
@Injectable()
export class EntitlementSnapshotsRepository {
  constructor(private readonly pipeline: PipelinedDatabase) {}

  /** @param now real time: customers of test clocks are read at the time of their clock */
  async findByKeys(keys: string[], now: Date): Promise<EntitlementSnapshot[]> {
    return (await this.pipeline.read<Row>(BY_KEY, [keys, now])).map(snapshotFromRow);
  }

  /** As `findByKeys`, inside the transaction of the given connection, if there is one. */
  async findByIds(ids: string[], now: Date, connection?: Connection): Promise<EntitlementSnapshot[]> {
    const rows = connection
      ? await connection.run<Row>(BY_ID, [ids, now])
      : await this.pipeline.read<Row>(BY_ID, [ids, now]);
    return rows.map(snapshotFromRow);
  }

  /** The entitlement versions of customers, by their ids. */
  async versionsOf(ids: string[]): Promise<Map<string, number>> {
    const rows = await this.pipeline.read<{ customerId: string; version: number }>(VERSIONS, [arrayLiteral(ids)]);
    return new Map(rows.map(({ customerId, version }) => [customerId, version]));
  }

  /** The snapshot as of an earlier instant. The plans of its subscriptions have keys only, no ids. */
  async findAt(id: string, at: Date): Promise<EntitlementSnapshot | null> {
    const [row] = await this.pipeline.read<PastRow>(AT, [id, at]);
    if (!row) return null;
    const { customer, version, bucket, grants } = row;
    const overrides = (row.overrides ?? []).map((fact): Override => ({
      ...fact,
      expiresAt: dateOrNull(fact.expiresAt),
      reason: null,
      createdAt: at,
      updatedAt: at,
    }));
    return {
      customer: customerFromRow(customer),
      version,
      bucket,
      subscriptions: grouped((row.subscriptions ?? []).map(pastSubscription), productOf),
      overrides: new Map(overrides.map((override) => [override.featureId, override])),
      grants: grouped((grants ?? []).map(grantFromRow), featureOf),
    };
  }
}

/** @throws DomainError `history_not_kept` */
function pastSubscription({ row, facts, whole }: NonNullable<PastRow['subscriptions']>[number]): Subscription {
  const now = subscriptionFromRow(row);
  if (whole !== true) throw historyNotKept();
  return facts ? subscriptionFromFacts(now, facts) : now;
}

const productOf = ({ productId }: Subscription): string => productId;
const featureOf = ({ featureId }: Grant): string => featureId;
const dateOrNull = (text: string | null): Date | null => (text === null ? null : new Date(text));

function snapshotFromRow({ customer, version, bucket, subscriptions, overrides, grants }: Row): EntitlementSnapshot {
  return {
    customer: customerFromRow(customer),
    version,
    bucket,
    subscriptions: grouped((subscriptions ?? []).map(subscriptionFromRow), productOf),
    overrides: new Map((overrides ?? []).map((row) => [row.feature_id, overrideFromRow(row)])),
    grants: grouped((grants ?? []).map(grantFromRow), featureOf),
  };
}
