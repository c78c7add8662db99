import { Injectable } from '@nestjs/common';
import type { Origin, PageRequest } from '@app/kernel';
import { Database } from '@app/platform';
import { EventKeys } from './event-keys.js';
import type { RecordedEvent } from './events.js';

/** One action of a user or an API key, with the keys of its customer and product. */
export interface AuditEntry extends RecordedEvent {
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
  actorKind?: 'user' | 'api_key';
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

/** Audit log: the events of users and API keys, without time-driven events. */
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
    const rows = await this.database.query<AuditRow>(
      `select e.id, e.type, json_build_object('type', e.subject_type, 'id', e.subject_id) as subject, e.sequence::float8 as sequence, e.customer_id as "customerId", e.customer_key as "customerKey",
         e.product_id as "productId", e.product_key as "productKey", e.actor, e.origin, e.reason, e.before, e.after, e.at
       from events e
       where ${["(e.actor ->> 'kind') <> 'system'", ...conditions].join(' and ')} order by e.id desc limit ${limit + 1}`,
      parameters,
    );
    // Rows from before migration 1700000000012 have no keys.
    return (await this.keys.complete(rows)).map(({ customerKey, productKey, ...entry }) => ({
      ...entry,
      customer: customerKey,
      product: productKey,
    }));
  }
}

/** Escapes the wildcards of LIKE. */
const likeText = (text: string): string => text.replace(/[\\%_]/g, '\\$&');
