import { Injectable } from '@nestjs/common';
import { IsNull, LessThan } from 'typeorm';
import type { ApiKeyFilter, PageRequest } from '@app/kernel';
import { Database } from '@app/platform';
import { ApiKeyEntity, RefreshTokenEntity, SessionEntity, SigningKeyEntity } from './auth.entities.js';
import type { Scope, UserRights } from './domain/principal.js';

/** A session with the present rights of its user. */
export interface SessionState extends UserRights {
  hasSecondFactor: boolean;
  singleSignOn: boolean;
}

export interface SessionView {
  id: string;
  createdAt: Date;
  expiresAt: Date;
}

/** An API key, as authentication needs it. */
export interface ApiKeyState {
  id: string;
  secretHash: Buffer;
  scopes: Scope[];
  ownerUserId: string;
  product: { id: string; key: string } | null;
  customerId: string | null;
  rateLimitPerMinute: number | null;
  expiresAt: Date | null;
}

export interface RefreshState {
  sessionId: string;
  userId: string;
  rotatedAt: Date | null;
  expiresAt: Date;
  revokedAt: Date | null;
  active: boolean;
}

/** Null where the left join found no product. */
const PRODUCT = `case when p.id is not null then json_build_object('id', p.id, 'key', p.key) end`;

/** SQL of sessions, refresh tokens, signing keys and API keys. */
@Injectable()
export class AuthRepository {
  constructor(private readonly database: Database) {}

  /** null when the session is expired or revoked, or its user is inactive. */
  async findSession(id: string, now: Date): Promise<SessionState | null> {
    const [row] = await this.database.query<SessionState>(
      `select u.id as "userId", u.customer_id as "customerId", u.role, ${PRODUCT} as product,
         f.confirmed_at is not null as "hasSecondFactor", s.single_sign_on as "singleSignOn"
       from sessions s join users u on u.id = s.user_id left join products p on p.id = u.product_id
         left join second_factors f on f.user_id = u.id
       where s.id = $1 and s.revoked_at is null and s.expires_at > $2 and u.active`,
      [id, now],
    );
    return row ?? null;
  }

  async insertSession(session: SessionEntity): Promise<void> {
    await this.database.writer.insert(SessionEntity, session);
  }

  async revokeSession(id: string, reason: string, now: Date): Promise<void> {
    await this.database.writer.update(
      SessionEntity,
      { id, revokedAt: IsNull() },
      { revokedAt: now, revokedReason: reason },
    );
  }

  /** @returns the ids of the revoked sessions */
  async revokeAllSessions(
    userId: string,
    { reason, exceptId, now }: { reason: string; exceptId: string | null; now: Date },
  ): Promise<string[]> {
    const rows = await this.database.write<{ id: string }>(
      'update sessions set revoked_at = $3, revoked_reason = $2 where user_id = $1 and revoked_at is null and id is distinct from $4::uuid returning id',
      [userId, reason, now, exceptId],
    );
    return rows.map(({ id }) => id);
  }

  listSessions(userId: string, now: Date): Promise<SessionView[]> {
    return this.database.query<SessionView>(
      'select id, created_at as "createdAt", expires_at as "expiresAt" from sessions where user_id = $1 and revoked_at is null and expires_at > $2 order by id desc',
      [userId, now],
    );
  }

  /** Deletes a batch of sessions and refresh tokens that expired before a time. @returns the number of rows */
  async purge(before: Date): Promise<number> {
    const tokens = await this.database.deleteBatch('refresh_tokens', 'hash', 'expires_at < $1 order by expires_at', [
      before,
    ]);
    return (
      tokens + (await this.database.deleteBatch('sessions', 'id', 'expires_at < $1 order by expires_at', [before]))
    );
  }

  async insertRefreshToken(token: RefreshTokenEntity): Promise<void> {
    await this.database.writer.insert(RefreshTokenEntity, token);
  }

  async findRefreshToken(hash: Buffer): Promise<RefreshState | null> {
    const [row] = await this.database.query<RefreshState>(
      `select t.session_id as "sessionId", s.user_id as "userId", t.rotated_at as "rotatedAt", t.expires_at as "expiresAt", s.revoked_at as "revokedAt", u.active
       from refresh_tokens t join sessions s on s.id = t.session_id join users u on u.id = s.user_id where t.hash = $1`,
      [hash],
    );
    return row ?? null;
  }

  /** Of concurrent callers one gets true. */
  async rotateRefreshToken(hash: Buffer, now: Date): Promise<boolean> {
    const rows = await this.database.write(
      'update refresh_tokens set rotated_at = $2 where hash = $1 and rotated_at is null returning hash',
      [hash, now],
    );
    return rows.length === 1;
  }

  /** Newest first, by the time from which they sign. */
  signingKeys(): Promise<SigningKeyEntity[]> {
    return this.database.manager.find(SigningKeyEntity, { order: { signsFrom: 'DESC', createdAt: 'DESC' } });
  }

  async insertSigningKey(key: SigningKeyEntity): Promise<void> {
    await this.database.writer.insert(SigningKeyEntity, key as never);
  }

  async deleteSigningKeysBut(kids: string[]): Promise<void> {
    await this.database.write('delete from signing_keys where kid <> all($1::text[])', [kids]);
  }

  /** Serializes creation of signing keys over all instances, until the transaction ends. */
  async lockFirstStart(): Promise<void> {
    await this.database.write('select pg_advisory_xact_lock(hashtext($1))', ['tollgate first start']);
  }

  /** null when the key is unknown or revoked, or its owner is inactive. */
  async findApiKey(publicId: string): Promise<ApiKeyState | null> {
    const [row] = await this.database.query<ApiKeyState>(
      `select k.id, k.secret_hash as "secretHash", k.scopes, k.owner_user_id as "ownerUserId", ${PRODUCT} as product, k.customer_id as "customerId",
         k.rate_limit_per_minute as "rateLimitPerMinute", k.expires_at as "expiresAt"
       from api_keys k join users u on u.id = k.owner_user_id left join products p on p.id = k.product_id
       where k.public_id = $1 and k.revoked_at is null and u.active`,
      [publicId],
    );
    return row ?? null;
  }

  /** Keys that are not revoked, newest first: of one owner, and of services on one product; or all. */
  listApiKeys(page: PageRequest, filter: ApiKeyFilter | null): Promise<ApiKeyEntity[]> {
    const common = { revokedAt: IsNull(), ...(page.after ? { id: LessThan(page.after) } : {}) };
    const ofProduct = filter?.productId ? [{ ...common, productId: filter.productId, customerId: IsNull() }] : [];
    return this.database.manager.find(ApiKeyEntity, {
      where: filter ? [{ ...common, ownerUserId: filter.ownerUserId }, ...ofProduct] : common,
      order: { id: 'DESC' },
      take: page.limit + 1,
    });
  }

  async isApiKeyAlive(id: string, now: Date): Promise<boolean> {
    const rows = await this.database.query(
      'select 1 from api_keys k join users u on u.id = k.owner_user_id where k.id = $1 and k.revoked_at is null and u.active and (k.expires_at is null or k.expires_at > $2)',
      [id, now],
    );
    return rows.length === 1;
  }

  async namesOfApiKeys(ids: string[]): Promise<Map<string, string>> {
    const rows = await this.database.query<{ id: string; name: string }>(
      'select id, name from api_keys where id = any($1::uuid[])',
      [ids],
    );
    return new Map(rows.map(({ id, name }) => [id, name]));
  }

  async ownerOfApiKey(id: string): Promise<string | null> {
    const [row] = await this.database.query<{ owner: string }>(
      'select owner_user_id as owner from api_keys where id = $1',
      [id],
    );
    return row?.owner ?? null;
  }

  /** @returns the ids of the revoked keys */
  async revokeApiKeysOf(ownerUserId: string, now: Date): Promise<string[]> {
    const rows = await this.database.write<{ id: string }>(
      'update api_keys set revoked_at = $2 where owner_user_id = $1 and revoked_at is null returning id',
      [ownerUserId, now],
    );
    return rows.map(({ id }) => id);
  }

  /** Marks a key as replaced; it stays valid until `expiresAt`, beside the key that replaces it. */
  async replaceApiKey(id: string, replacedBy: string, expiresAt: Date): Promise<void> {
    await this.database.write(
      'update api_keys set replaced_by = $2, expires_at = least(expires_at, $3) where id = $1',
      [id, replacedBy, expiresAt],
    );
  }

  /** Stores when keys were last used. Skips locked keys: the next flush stores them. */
  async touchApiKeys(ids: string[], at: Date): Promise<void> {
    await this.database.write(
      `update api_keys set last_used_at = greatest(last_used_at, $2) where id in (select id from api_keys where id = any($1::uuid[]) order by id for no key update skip locked)`,
      [ids, at],
    );
  }

  async insertApiKey(key: ApiKeyEntity): Promise<void> {
    await this.database.writer.insert(ApiKeyEntity, key);
  }

  /** Locks a key that is not revoked until the transaction ends. */
  lockApiKey(id: string): Promise<ApiKeyEntity | null> {
    return this.database.writer.findOne(ApiKeyEntity, {
      where: { id, revokedAt: IsNull() },
      lock: { mode: 'for_no_key_update' },
    });
  }

  async revokeApiKey(id: string, now: Date): Promise<void> {
    await this.database.write('update api_keys set revoked_at = $2 where id = $1 and revoked_at is null', [id, now]);
  }
}
