import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { SecurityCount, StoredSecurityEvent } from './domain/security-event.js';

/** SQL of security events. The audit log reads them. */
@Injectable()
export class SecurityEventsRepository {
  constructor(private readonly database: Database) {}

  /** Adds counts to the rows of their buckets. In the order of the buckets, so that two processes cannot deadlock. */
  async add(counts: SecurityCount[]): Promise<void> {
    await this.database.write(
      `insert into security_events as s (id, type, subject_type, subject_id, customer_id, product_id, actor, origin, reason, details, count, at, last_at, bucket)
       select id, type, subject_type, subject_id, customer_id, product_id, actor, origin, reason, details, count, at, last_at, bucket
       from jsonb_to_recordset($1::jsonb) as e (id uuid, type text, subject_type text, subject_id uuid, customer_id uuid, product_id uuid, actor jsonb, origin jsonb,
         reason text, details jsonb, count bigint, at timestamptz, last_at timestamptz, bucket text) order by bucket
       on conflict (bucket) do update set count = s.count + excluded.count, last_at = greatest(s.last_at, excluded.last_at)`,
      [JSON.stringify(counts.map(rowOf))],
    );
  }

  /** Lists the rows about a subject, oldest first. @returns up to `limit + 1` rows */
  listOf(subjectId: string, page: { limit: number; after: string | null }): Promise<StoredSecurityEvent[]> {
    return this.database.query(
      `select id, type, origin, reason, details, count::float8 as count, at, last_at as "lastAt" from security_events
       where subject_id = $1 and ($2::uuid is null or id > $2) order by id limit $3`,
      [subjectId, page.after, page.limit + 1],
    );
  }

  /** Deletes a batch of rows of ids before a time. @returns the number of rows */
  purge(before: Date): Promise<number> {
    return this.database.deleteBatch('security_events', 'id', 'id < uuid_from_time($1::timestamptz) order by id', [
      before,
    ]);
  }

  /** Deletes the rows about a subject. */
  async deleteOf(subjectId: string): Promise<void> {
    await this.database.write('delete from security_events where subject_id = $1', [subjectId]);
  }

  /** Removes addresses, request ids and details from the rows of a user, as actor and as subject. */
  async anonymize(userId: string): Promise<void> {
    for (const condition of ['subject_id = $1::uuid', `(actor ->> 'id') = $1`])
      await this.database.write(
        `update security_events set origin = null, details = '{}', bucket = gen_random_uuid()::text where ${condition}`,
        [userId],
      );
  }
}

function rowOf({ event, id, count, at, lastAt, bucket }: SecurityCount): object {
  const { type, subject, customerId = null, productId = null, actor, reason = null, details = {} } = event;
  return {
    id,
    type,
    subject_type: subject.type,
    subject_id: subject.id,
    customer_id: customerId,
    product_id: productId,
    actor: { kind: actor.kind, id: actor.id },
    origin: actor.origin ?? null,
    reason,
    details,
    count,
    at,
    last_at: lastAt,
    bucket: createHash('sha256').update(bucket).digest('base64url'),
  };
}
