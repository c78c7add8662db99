import { Injectable } from '@nestjs/common';
import type { Origin, PageRequest } from '@app/kernel';
import { Database } from '@app/platform';
import { EventKeys } from './event-keys.js';
import { type AuditedType, NOT_NUMBERED } from './catalog/event-catalog.js';
import type { SecurityActor } from './domain/security-event.js';
import type { RecordedEvent } from './events.js';

/**
 * One action of a user or an API key, or equal security events of one minute, with the keys of customer and product.
 */
export interface AuditEntry extends Omit<RecordedEvent, 'type' | 'actor'> {
  type: AuditedType;
  actor: Omit<SecurityActor, 'origin'>;
  subject: { type: string; id: string };
  customer: string | null;
  product: string | null;
  origin: Origin | null;
}

type AuditRow = Omit<AuditEntry, 'customer' | 'product'> & {
  customerId: string | null;
  customerKey: string | null;
  productId: string | null;
  productKey: string | null;
};

export interface AuditFilter {
  /** Entries of this product only; null: of all products, and of none. */
  productId: string | null;
  /** Entries of this customer only; null: of all customers, and of none. */
  customerId: string | null;
  actorId?: string;
  actorKind?: SecurityActor['kind'];
  subjectId?: string;
  /** One type, or all of a kind: `subscription.*`. */
  type?: string;
  address?: string;
  from?: Date;
  to?: Date;
}

/** SQL condition of each filter field. */
const CONDITIONS: Record<keyof AuditFilter | 'after', (parameter: string) => string> = {
  productId: (p) => `e.product_id = ${p}::uuid`,
  customerId: (p) => `e.customer_id = ${p}::uuid`,
  actorId: (p) => `(e.actor ->> 'id') = ${p}`,
  actorKind: (p) => `(e.actor ->> 'kind') = ${p}`,
  subjectId: (p) => `e.subject_id = ${p}::uuid`,
  type: (p) => `e.type = ${p}`,
  address: (p) => `(e.origin ->> 'address') = ${p}`,
  // Ids start with their time, so the planner skips partitions of other months.
  from: (p) => `e.id >= uuid_from_time(${p}::timestamptz)`,
  to: (p) => `e.id < uuid_from_time(${p}::timestamptz)`,
  after: (p) => `e.id < ${p}::uuid`,
};
/** Condition for all types of a kind. */
const KIND = { condition: (p: string) => `e.type like ${p}`, ending: '.*' };

/** The two sources of the audit log, which have the columns of `CONDITIONS` in common. */
const EVENTS = {
  columns: `e.sequence::float8 as sequence, e.customer_key as "customerKey", e.product_key as "productKey", e.before, e.after`,
  table: 'events',
  conditions: [`(e.actor ->> 'kind') <> 'system'`],
};
const SECURITY_EVENTS = {
  columns: `${NOT_NUMBERED} as sequence, null as "customerKey", null as "productKey", null as before, e.details || jsonb_build_object('count', e.count, 'lastAt', to_char(e.last_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as after`,
  table: 'security_events',
  conditions: [],
};

/** Audit log: the events of users and API keys, and security events; without time-driven events. */
@Injectable()
export class AuditLog {
  constructor(
    private readonly database: Database,
    private readonly keys: EventKeys,
  ) {}

  /**
   * Lists entries, newest first.
   * @returns up to `limit + 1` entries: the last one says that there is another page
   * @example
   * await auditLog.list({ productId: null, customerId, type: 'subscription.*' }, { limit: 50, after: null });
   */
  async list(filter: AuditFilter, { limit, after }: PageRequest): Promise<AuditEntry[]> {
    const parameters: unknown[] = [];
    const conditions = Object.entries({ ...filter, after }).flatMap(([name, value]) => {
      if (value === undefined || value === null) return [];
      const isKind = name === 'type' && String(value).endsWith(KIND.ending);
      const parameter = `$${parameters.push(isKind ? `${likeText(String(value).slice(0, -1))}%` : value)}`;
      return [isKind ? KIND.condition(parameter) : CONDITIONS[name as keyof typeof CONDITIONS](parameter)];
    });
    const pages = await Promise.all(
      [EVENTS, SECURITY_EVENTS].map((source) =>
        this.database.query<AuditRow>(
          `select e.id, e.type, json_build_object('type', e.subject_type, 'id', e.subject_id) as subject, e.customer_id as "customerId", e.product_id as "productId",
             e.actor, e.origin, e.reason, e.at, ${source.columns}
           from ${source.table} e ${where([...source.conditions, ...conditions])} order by e.id desc limit ${limit + 1}`,
          parameters,
        ),
      ),
    );
    const newest = pages
      .flat()
      .sort((one, other) => (one.id < other.id ? 1 : -1))
      .slice(0, limit + 1);
    // Rows from before migration 1700000000012 and security events have no keys.
    return (await this.keys.complete(newest)).map(({ customerKey, productKey, ...entry }) => ({
      ...entry,
      customer: customerKey,
      product: productKey,
    }));
  }
}

const where = (conditions: string[]): string => (conditions.length > 0 ? `where ${conditions.join(' and ')}` : '');

/** Escapes the wildcards of LIKE. */
const likeText = (text: string): string => text.replace(/[\\%_]/g, '\\$&');
