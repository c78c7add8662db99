import { Injectable } from '@nestjs/common';
import type { PageRequest, ScopeFilter } from '@app/kernel';
import { Database, inScope } from '@app/platform';

/** A row of `portal_sessions` when it is created. */
export interface PortalSessionRow {
  id: string;
  customerId: string;
  productId: string;
  createdByUserId: string | null;
  createdByKeyId: string | null;
  returnUrl: string | null;
  linkHash: Buffer;
  /** Of the link, until it is used. */
  expiresAt: Date;
  createdAt: Date;
}

/** A session in force, as authentication needs it. */
export interface PortalSessionState {
  sessionId: string;
  customerId: string;
  /** The account of the customer. */
  userId: string | null;
  product: { id: string; key: string };
  expiresAt: Date;
}

/** A session whose link was just used. */
export interface OpenedRow {
  id: string;
  customerId: string;
  customer: string;
  productId: string;
  product: string;
  returnUrl: string | null;
}

/** The session of a link that was not accepted. */
export interface RejectedLink {
  id: string;
  customerId: string;
  productId: string;
  openedAt: Date | null;
  expiresAt: Date;
  revokedAt: Date | null;
}

/** A session in a list, with the keys of its objects. */
export interface ListedPortalSession {
  id: string;
  customer: string;
  product: string;
  createdBy: { kind: 'user' | 'api_key'; id: string };
  returnUrl: string | null;
  createdAt: Date;
  openedAt: Date | null;
  expiresAt: Date;
  revokedAt: Date | null;
}

/**
 * True while the customer exists and the creator may still create sessions on the product ($1: now): a leaked key
 * leaves no session behind when it is revoked.
 */
const IN_FORCE = `s.revoked_at is null and s.expires_at > $1
  and exists (select from customers c where c.id = s.customer_id and c.deleted_at is null)
  and (exists (
      select from users a where a.id = s.created_by_user_id and a.active
        and (a.role = 'admin' or (a.role = 'product_admin' and a.product_id = s.product_id)))
    or exists (
      select from api_keys k join users o on o.id = k.owner_user_id
      where k.id = s.created_by_key_id and k.revoked_at is null and o.active and (k.expires_at is null or k.expires_at > $1)))`;

/** SQL of `portal_sessions`. */
@Injectable()
export class PortalSessionsRepository {
  constructor(private readonly database: Database) {}

  async insert(row: PortalSessionRow): Promise<void> {
    await this.database.write(
      `insert into portal_sessions (id, customer_id, product_id, created_by_user_id, created_by_key_id, return_url, link_hash, expires_at, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        row.id,
        row.customerId,
        row.productId,
        row.createdByUserId,
        row.createdByKeyId,
        row.returnUrl,
        row.linkHash,
        row.expiresAt,
        row.createdAt,
      ],
    );
  }

  /** Uses the link of a session. Of concurrent callers one gets the session; null for the others. */
  async open(
    linkHash: Buffer,
    { now, tokenHash, expiresAt }: { now: Date; tokenHash: Buffer; expiresAt: Date },
  ): Promise<OpenedRow | null> {
    const [row] = await this.database.write<OpenedRow>(
      `update portal_sessions s set token_hash = $3, opened_at = $1, expires_at = $4
       from customers c, products p
       where s.link_hash = $2 and s.opened_at is null and c.id = s.customer_id and p.id = s.product_id and ${IN_FORCE}
       returning s.id, s.customer_id as "customerId", c.key as customer, s.product_id as "productId", p.key as product, s.return_url as "returnUrl"`,
      [now, linkHash, tokenHash, expiresAt],
    );
    return row ?? null;
  }

  async findByLink(linkHash: Buffer): Promise<RejectedLink | null> {
    const [row] = await this.database.query<RejectedLink>(
      `select id, customer_id as "customerId", product_id as "productId", opened_at as "openedAt", expires_at as "expiresAt", revoked_at as "revokedAt"
       from portal_sessions where link_hash = $1`,
      [linkHash],
    );
    return row ?? null;
  }

  /** null when the session has ended, by time, revocation, deletion of the customer, or the end of its creator. */
  async findInForce(tokenHash: Buffer, now: Date): Promise<PortalSessionState | null> {
    const [row] = await this.database.query<PortalSessionState>(
      `select s.id as "sessionId", s.customer_id as "customerId", u.id as "userId", s.expires_at as "expiresAt",
         json_build_object('id', p.id, 'key', p.key) as product
       from portal_sessions s join products p on p.id = s.product_id left join users u on u.customer_id = s.customer_id
       where s.token_hash = $2 and ${IN_FORCE}`,
      [now, tokenHash],
    );
    return row ?? null;
  }

  /** Locks a session until the transaction ends. */
  async lock(id: string): Promise<{ customerId: string; productId: string; revokedAt: Date | null } | null> {
    const [row] = await this.database.write<{ customerId: string; productId: string; revokedAt: Date | null }>(
      `select customer_id as "customerId", product_id as "productId", revoked_at as "revokedAt" from portal_sessions where id = $1 for no key update`,
      [id],
    );
    return row ?? null;
  }

  list({ after, limit }: PageRequest, scope: ScopeFilter): Promise<ListedPortalSession[]> {
    const values: unknown[] = [after];
    return this.database.query(
      `select s.id, c.key as customer, p.key as product, s.return_url as "returnUrl", s.created_at as "createdAt",
         s.opened_at as "openedAt", s.expires_at as "expiresAt", s.revoked_at as "revokedAt",
         json_build_object('kind', case when s.created_by_key_id is null then 'user' else 'api_key' end, 'id', coalesce(s.created_by_key_id, s.created_by_user_id)) as "createdBy"
       from portal_sessions s join customers c on c.id = s.customer_id join products p on p.id = s.product_id
       where ${inScope(scope, { customer: 's.customer_id', product: 's.product_id' }, values)} and ($1::uuid is null or s.id < $1)
       order by s.id desc limit ${limit + 1}`,
      values,
    );
  }

  async revoke(id: string, now: Date): Promise<void> {
    await this.database.write('update portal_sessions set revoked_at = $2 where id = $1', [id, now]);
  }

  /** Deletes a batch of sessions that expired before a time. @returns the number of rows */
  purge(before: Date): Promise<number> {
    return this.database.deleteBatch('portal_sessions', 'id', 'expires_at < $1 order by expires_at', [before]);
  }
}
