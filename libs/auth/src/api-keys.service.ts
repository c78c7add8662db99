import { randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import {
  type Actor,
  type ApiKeyFilter,
  Clock,
  DomainError,
  invalidField,
  newId,
  notFound,
  type Origin,
  type Page,
  type PageRequest,
  toPage,
} from '@app/kernel';
import { Events, type EventType } from '@app/events';
import { Database, LoadingCache } from '@app/platform';
import type { ApiKeyEntity } from './auth.entities.js';
import { AuthenticationRecord } from './authentication-record.js';
import { AuthRepository, type ApiKeyState } from './auth.repository.js';
import { KeyUse } from './key-use.js';
import {
  actorOf,
  type ApiKeyPrincipal,
  apiKeyScope,
  isSeller,
  OWN_SCOPES,
  type Scope,
  type UserPrincipal,
} from './domain/principal.js';
import { secretHash } from './secret-hash.js';
import { REVOCATION_BOUND_MS } from './sessions.service.js';

/** `tg_<public id>_<secret>`: the id finds the row, the secret proves the caller. */
const KEY_FORM = /^tg_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;
const MAX_CACHED = 50_000;

/** An API key to create. */
export interface NewApiKey {
  name: string;
  scopes: Scope[];
  /** Key of the only product that it may use; left out: all products of its owner. */
  product?: string;
  expiresAt?: Date;
  /** Requests a minute; left out: no limit. */
  rateLimitPerMinute?: number;
}

/** An API key without its secret. */
export interface ApiKeyView {
  id: string;
  name: string;
  prefix: string;
  lastFour: string;
  scopes: Scope[];
  /** Key of the only product that it may use; null: all. */
  product: string | null;
  /** Requests a minute; null: no limit. */
  rateLimitPerMinute: number | null;
  expiresAt: Date | null;
  /** Precise to a minute; null: never used. */
  lastUsedAt: Date | null;
  /** Id of the key that replaced it in a rotation. */
  replacedBy: string | null;
  createdAt: Date;
}

/** An API key with its text. Returned at creation only: the text is not stored. */
export interface ApiKeyWithSecret {
  apiKey: ApiKeyView;
  key: string;
}

interface CachedKey {
  state: ApiKeyState | null;
  principal: ApiKeyPrincipal | null;
}

interface GivenKey {
  publicId: string;
  secret: string;
  origin: () => Origin;
}

/** API keys: creation, rotation, revocation, authentication. Only hashes of secrets are stored. */
@Injectable()
export class ApiKeysService {
  private readonly cache: LoadingCache<CachedKey>;

  constructor(
    private readonly repository: AuthRepository,
    private readonly catalog: CatalogReader,
    private readonly use: KeyUse,
    private readonly authentications: AuthenticationRecord,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {
    this.cache = new LoadingCache(database, { max: MAX_CACHED, ttl: REVOCATION_BOUND_MS }, async (publicId) => {
      const state = await repository.findApiKey(publicId);
      return { state, principal: state && principalOf(state) };
    });
  }

  /**
   * Authenticates a request by its API key. Synchronous while the key is cached, which is the hot path.
   *
   * @throws DomainError `invalid_token` when the key is unknown, revoked or expired, or its owner is inactive
   * @example const principal = await apiKeys.authenticate('tg_0123456789abcdef_...', () => origin);
   */
  authenticate(key: string, origin: () => Origin): ApiKeyPrincipal | Promise<ApiKeyPrincipal> {
    const [, publicId, secret] = KEY_FORM.exec(key) ?? [];
    if (!publicId) throw notValid();
    const cached = this.cache.get(publicId);
    const given = { publicId, secret: secret!, origin };
    return cached ? this.prove(cached, given) : this.cache.load(publicId).then((read) => this.prove(read, given));
  }

  /** @throws DomainError `invalid_token` */
  private prove(cached: CachedKey | undefined, { publicId, secret, origin }: GivenKey): ApiKeyPrincipal {
    const { state = null, principal } = cached ?? {};
    const proven = state && timingSafeEqual(state.secretHash, secretHash(secret));
    const expired = state?.expiresAt && state.expiresAt <= this.clock.now();
    if (!proven || expired) {
      const reason = !state ? 'unknown_or_revoked' : !proven ? 'wrong_secret' : 'expired';
      const named = { id: state?.id ?? null, publicId, productId: state?.product?.id ?? null };
      this.authentications.apiKeyRejected(named, reason, origin());
      throw notValid();
    }
    this.use.seen(state.id);
    return principal!;
  }

  /**
   * Creates a key. A key of an admin serves all customers, a key of a product admin those of the product, and a key of
   * any other user only that user's customer.
   *
   * @returns the key with its text, which is not stored and cannot be read again
   * @throws DomainError `scope_not_allowed`, `product_not_allowed`, `product_not_found`, `invalid_fields`
   * @example const { key } = await apiKeys.create({ name: 'backend', scopes: ['usage:write'] }, principal);
   */
  async create(input: NewApiKey, owner: UserPrincipal): Promise<ApiKeyWithSecret> {
    const personal = !isSeller(owner);
    const excess = personal ? input.scopes.find((scope) => !OWN_SCOPES.includes(scope)) : undefined;
    if (excess)
      throw new DomainError(
        'forbidden',
        'scope_not_allowed',
        `Only admins and product admins may create keys with the scope ${excess}.`,
        {
          allowed: OWN_SCOPES,
        },
      );
    const productKey = owner.scope.productNamed(input.product);
    if (input.expiresAt && input.expiresAt <= this.clock.now())
      throw invalidField('expiresAt', 'must be in the future');
    const product = productKey === undefined ? null : await this.catalog.getProduct(productKey);
    const { name, scopes, expiresAt = null, rateLimitPerMinute = null } = input;
    const rights = {
      name,
      scopes: [...new Set(scopes)],
      productId: product?.id ?? null,
      customerId: personal ? owner.scope.ownCustomerId : null,
      rateLimitPerMinute,
      expiresAt,
    };
    return this.database.transaction(async () => {
      const { row, key } = await this.insert(rights, owner);
      await this.record('api_key.created', row, owner, { name, scopes: row.scopes, product: product?.key ?? null });
      return { apiKey: await this.view(row), key };
    });
  }

  /**
   * Creates a key in place of another: the same rights, another secret, owned by the caller.
   *
   * @param overlapSeconds for how long the old key stays valid
   * @throws DomainError `api_key_not_found`, `api_key_replaced` when it was rotated before
   * @example const { key } = await apiKeys.rotate(id, 86_400, principal);
   */
  rotate(
    id: string,
    overlapSeconds: number,
    caller: UserPrincipal,
  ): Promise<ApiKeyWithSecret & { formerOwnerUserId: string }> {
    return this.database.transaction(async () => {
      const old = await this.lockOwn(id, caller);
      if (old.replacedBy)
        throw new DomainError(
          'conflict',
          'api_key_replaced',
          'This API key was rotated before; rotate the key that replaced it.',
        );
      const { row, key } = await this.insert(old, caller);
      await this.repository.replaceApiKey(id, row.id, new Date(this.clock.now().getTime() + overlapSeconds * 1_000));
      await this.record('api_key.rotated', old, caller, { name: old.name, replacedBy: row.id, overlapSeconds });
      this.database.afterCommit(() => this.cache.delete(old.publicId));
      return { apiKey: await this.view(row), key, formerOwnerUserId: old.ownerUserId };
    });
  }

  /**
   * Keys that are not revoked, newest first.
   *
   * @param filter null: all; `scope.apiKeyFilter`: those that a caller may see
   * @example const { data } = await apiKeys.list({ limit: 20, after: null }, principal.scope.apiKeyFilter);
   */
  async list(page: PageRequest, filter: ApiKeyFilter | null): Promise<Page<ApiKeyView>> {
    const rows = toPage(await this.repository.listApiKeys(page, filter), page.limit);
    return { data: await Promise.all(rows.data.map((row) => this.view(row))), hasMore: rows.hasMore };
  }

  /**
   * Revokes a key: on this instance immediately, on the others within 1 s.
   *
   * @returns its owner, and whether a rotation replaced it
   * @throws DomainError `api_key_not_found` when it does not exist or the caller may not see it
   * @example const { ownerUserId } = await apiKeys.revoke(id, principal);
   */
  revoke(id: string, principal: UserPrincipal): Promise<{ ownerUserId: string; replaced: boolean }> {
    return this.database.transaction(async () => {
      const row = await this.lockOwn(id, principal);
      await this.repository.revokeApiKey(id, this.clock.now());
      await this.record('api_key.revoked', row, principal, { name: row.name });
      this.database.afterCommit(() => this.cache.delete(row.publicId));
      return { ownerUserId: row.ownerUserId, replaced: row.replacedBy !== null };
    });
  }

  /**
   * Revokes every key of a user. Needs a transaction; call `evict` after it.
   *
   * @example await apiKeys.revokeAllOf(userId, actor);
   */
  async revokeAllOf(ownerUserId: string, actor: Actor): Promise<void> {
    const revoked = await this.repository.revokeApiKeysOf(ownerUserId, this.clock.now());
    await this.events.recordMany(
      revoked.map((id) => ({
        type: 'api_key.revoked',
        subject: { type: 'api_key', id },
        productId: null,
        actor,
        reason: 'owner_deleted',
      })),
    );
  }

  /**
   * False when a key is revoked or expired, or its owner is inactive.
   *
   * @example await apiKeys.isAlive(principal.keyId)
   */
  isAlive(id: string): Promise<boolean> {
    return this.repository.isApiKeyAlive(id, this.clock.now());
  }

  /**
   * Names of keys by id, revoked keys included.
   *
   * @example const names = await apiKeys.namesOf([keyId]);
   */
  namesOf(ids: string[]): Promise<Map<string, string>> {
    return ids.length === 0 ? Promise.resolve(new Map<string, string>()) : this.repository.namesOfApiKeys(ids);
  }

  /**
   * User id of the owner, also of a revoked key; null when there is no such key.
   *
   * @example await apiKeys.ownerOf(keyId)
   */
  ownerOf(id: string): Promise<string | null> {
    return this.repository.ownerOfApiKey(id);
  }

  /**
   * Invalidates all cached keys of this instance, after an owner was deactivated.
   *
   * @example apiKeys.evict();
   */
  evict(): void {
    this.cache.clear();
  }

  /** Locks a key that the caller may see until the transaction ends. */
  private async lockOwn(id: string, principal: UserPrincipal): Promise<ApiKeyEntity> {
    const row = await this.repository.lockApiKey(id);
    if (!row || !principal.scope.admitsApiKey(row)) throw notFound('api_key', 'API key');
    return row;
  }

  private async insert(
    rights: Pick<ApiKeyEntity, 'name' | 'scopes' | 'productId' | 'customerId' | 'rateLimitPerMinute' | 'expiresAt'>,
    owner: UserPrincipal,
  ): Promise<{ row: ApiKeyEntity; key: string }> {
    const { name, scopes, productId, customerId, rateLimitPerMinute, expiresAt } = rights;
    const publicId = randomBytes(8).toString('hex');
    const secret = randomBytes(32).toString('base64url');
    const generated = {
      id: newId(),
      publicId,
      secretHash: secretHash(secret),
      lastFour: secret.slice(-4),
      ownerUserId: owner.userId,
      lastUsedAt: null,
      replacedBy: null,
      revokedAt: null,
      createdAt: this.clock.now(),
    };
    const row: ApiKeyEntity = { ...generated, name, scopes, productId, customerId, rateLimitPerMinute, expiresAt };
    await this.repository.insertApiKey(row);
    return { row, key: `tg_${publicId}_${secret}` };
  }

  private async view(row: ApiKeyEntity): Promise<ApiKeyView> {
    const {
      id,
      name,
      publicId,
      lastFour,
      scopes,
      productId,
      rateLimitPerMinute,
      expiresAt,
      lastUsedAt,
      replacedBy,
      createdAt,
    } = row;
    const product = productId && (await this.catalog.productKey(productId));
    return {
      id,
      name,
      prefix: `tg_${publicId}`,
      lastFour,
      scopes,
      product,
      rateLimitPerMinute,
      expiresAt,
      lastUsedAt,
      replacedBy,
      createdAt,
    };
  }

  private record(
    type: EventType,
    { id, productId, customerId }: ApiKeyEntity,
    principal: UserPrincipal,
    after: object,
  ): Promise<void> {
    return this.events.record({
      type,
      subject: { type: 'api_key', id },
      customerId,
      productId,
      actor: actorOf(principal),
      after,
    });
  }
}

function principalOf({ id, rateLimitPerMinute, ...state }: ApiKeyState): ApiKeyPrincipal {
  const scopes = new Set(state.scopes);
  return { kind: 'api_key', keyId: id, scopes, scope: apiKeyScope({ ...state, scopes }), rateLimitPerMinute };
}

function notValid(): DomainError {
  return new DomainError('unauthenticated', 'invalid_token', 'The API key is unknown, revoked or expired.');
}
