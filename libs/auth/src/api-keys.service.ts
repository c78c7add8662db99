import { randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CatalogReader } from '@app/catalog';
import {
  type Actor,
  type ApiKeyFilter,
  Clock,
  DomainError,
  invalidField,
  newId,
  notFound,
  type Page,
  type PageRequest,
  toPage,
} from '@app/kernel';
import { Events, type EventType } from '@app/events';
import { Database } from '@app/platform';
import type { ApiKeyEntity } from './auth.entities.js';
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

/** `tg_<public id>_<secret>`: the id finds the key, the secret proves it. */
const KEY_FORM = /^tg_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;
const MAX_CACHED = 50_000;

export interface NewApiKey {
  name: string;
  scopes: Scope[];
  product?: string;
  expiresAt?: Date;
  /** Left out: as many requests as it likes. */
  rateLimitPerMinute?: number;
}

export interface ApiKeyView {
  id: string;
  name: string;
  prefix: string;
  lastFour: string;
  scopes: Scope[];
  product: string | null;
  rateLimitPerMinute: number | null;
  expiresAt: Date | null;
  /** To the minute. */
  lastUsedAt: Date | null;
  /** Id of the key that was made in its place. */
  replacedBy: string | null;
  createdAt: Date;
}

/** A key with its text, which is told this once. */
export interface ApiKeyWithSecret {
  apiKey: ApiKeyView;
  key: string;
}

interface CachedKey {
  state: ApiKeyState | null;
  principal: ApiKeyPrincipal | null;
}

/** Keys that services call with. Only the hash of a secret is kept. */
@Injectable()
export class ApiKeysService {
  private readonly cache: LRUCache<string, CachedKey>;

  constructor(
    private readonly repository: AuthRepository,
    private readonly catalog: CatalogReader,
    private readonly use: KeyUse,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {
    this.cache = new LRUCache({
      max: MAX_CACHED,
      ttl: REVOCATION_BOUND_MS,
      fetchMethod: async (publicId) => {
        const state = await repository.findApiKey(publicId);
        return { state, principal: state && principalOf(state) };
      },
    });
  }

  /** Who the key speaks for; at once when this process has looked the key up lately. @throws DomainError `invalid_token` */
  authenticate(key: string): ApiKeyPrincipal | Promise<ApiKeyPrincipal> {
    const [, publicId, secret] = KEY_FORM.exec(key) ?? [];
    if (!publicId) throw notValid();
    const known = this.cache.get(publicId);
    return known ? this.prove(known, secret!) : this.cache.fetch(publicId).then((found) => this.prove(found, secret!));
  }

  /** @throws DomainError `invalid_token` */
  private prove(found: CachedKey | undefined, secret: string): ApiKeyPrincipal {
    const { state, principal } = found ?? {};
    const proven = state && timingSafeEqual(state.secretHash, secretHash(secret));
    if (!proven || (state.expiresAt && state.expiresAt <= this.clock.now())) throw notValid();
    this.use.seen(state.id);
    return principal!;
  }

  /**
   * Makes a key; its text is told this once. Admins make keys of services, product admins on their product; other people's keys act for their own customer only.
   * @throws DomainError `scope_not_allowed`, `product_not_allowed`, `product_not_found`, `invalid_fields`
   */
  async create(input: NewApiKey, owner: UserPrincipal): Promise<ApiKeyWithSecret> {
    const personal = !isSeller(owner);
    const excess = personal ? input.scopes.find((scope) => !OWN_SCOPES.includes(scope)) : undefined;
    if (excess)
      throw new DomainError('forbidden', 'scope_not_allowed', `Only admins may give the scope ${excess}.`, {
        allowed: OWN_SCOPES,
      });
    const productKey = owner.scope.productNamed(input.product);
    if (input.expiresAt && input.expiresAt <= this.clock.now())
      throw invalidField('expiresAt', 'must be in the future');
    const product = productKey === undefined ? null : await this.catalog.getProduct(productKey);
    const { name, scopes, expiresAt = null, rateLimitPerMinute = null } = input;
    const terms = {
      name,
      scopes: [...new Set(scopes)],
      productId: product?.id ?? null,
      customerId: personal ? owner.scope.ownCustomerId : null,
      rateLimitPerMinute,
      expiresAt,
    };
    return this.database.transaction(async () => {
      const { row, key } = await this.insert(terms, owner);
      await this.record('api_key.created', row, owner, { name, scopes: row.scopes, product: product?.key ?? null });
      return { apiKey: await this.view(row), key };
    });
  }

  /**
   * Makes a key in the place of one: the same rights, another secret, owned by whoever asks. The old one goes on for `overlapSeconds`.
   * @throws DomainError `api_key_not_found`, `api_key_replaced` when it has a successor already
   */
  rotate(
    id: string,
    overlapSeconds: number,
    caller: UserPrincipal,
  ): Promise<ApiKeyWithSecret & { formerOwnerUserId: string }> {
    return this.database.transaction(async () => {
      const old = await this.lockOwn(id, caller);
      if (old.replacedBy)
        throw new DomainError('conflict', 'api_key_replaced', 'Another key has taken its place already.');
      const { row, key } = await this.insert(old, caller);
      await this.repository.replaceApiKey(id, row.id, new Date(this.clock.now().getTime() + overlapSeconds * 1_000));
      await this.record('api_key.rotated', old, caller, { name: old.name, replacedBy: row.id, overlapSeconds });
      this.database.afterCommit(() => this.cache.delete(old.publicId));
      return { apiKey: await this.view(row), key, formerOwnerUserId: old.ownerUserId };
    });
  }

  /** Keys in force, newest first. @param filter null: all; `scope.apiKeyFilter` for those that a caller may see */
  async list(page: PageRequest, filter: ApiKeyFilter | null): Promise<Page<ApiKeyView>> {
    const rows = toPage(await this.repository.listApiKeys(page, filter), page.limit);
    return { data: await Promise.all(rows.data.map((row) => this.view(row))), hasMore: rows.hasMore };
  }

  /** Ends a key. @returns who owned it, and whether another goes on in its place. @throws DomainError `api_key_not_found` when it is not there or not yours */
  revoke(id: string, principal: UserPrincipal): Promise<{ ownerUserId: string; replaced: boolean }> {
    return this.database.transaction(async () => {
      const row = await this.lockOwn(id, principal);
      await this.repository.revokeApiKey(id, this.clock.now());
      await this.record('api_key.revoked', row, principal, { name: row.name });
      this.database.afterCommit(() => this.cache.delete(row.publicId));
      return { ownerUserId: row.ownerUserId, replaced: row.replacedBy !== null };
    });
  }

  /** Ends every key of a user. Needs a transaction. */
  async revokeAllOf(ownerUserId: string, actor: Actor): Promise<void> {
    const ended = await this.repository.revokeApiKeysOf(ownerUserId, this.clock.now());
    await this.events.recordMany(
      ended.map((id) => ({
        type: 'api_key.revoked',
        subject: { type: 'api_key', id },
        productId: null,
        actor,
        reason: 'owner_deleted',
      })),
    );
  }

  /** False once a key was revoked or is over, or its owner is no longer active. */
  isAlive(id: string): Promise<boolean> {
    return this.repository.isApiKeyAlive(id, this.clock.now());
  }

  /** Names of keys by id, of revoked ones too. */
  namesOf(ids: string[]): Promise<Map<string, string>> {
    return ids.length === 0 ? Promise.resolve(new Map()) : this.repository.namesOfApiKeys(ids);
  }

  /** Who made a key. */
  ownerOf(id: string): Promise<string | null> {
    return this.repository.ownerOfApiKey(id);
  }

  /** Makes this instance look again: after an owner was deactivated. */
  evict(): void {
    this.cache.clear();
  }

  /** The key, if it is the caller's to rule, and nobody else's until the transaction ends. */
  private async lockOwn(id: string, principal: UserPrincipal): Promise<ApiKeyEntity> {
    const row = await this.repository.lockApiKey(id);
    if (!row || !principal.scope.admitsApiKey(row)) throw notFound('api_key', 'API key');
    return row;
  }

  private async insert(
    terms: Pick<ApiKeyEntity, 'name' | 'scopes' | 'productId' | 'customerId' | 'rateLimitPerMinute' | 'expiresAt'>,
    owner: UserPrincipal,
  ): Promise<{ row: ApiKeyEntity; key: string }> {
    const { name, scopes, productId, customerId, rateLimitPerMinute, expiresAt } = terms;
    const publicId = randomBytes(8).toString('hex');
    const secret = randomBytes(32).toString('base64url');
    const fresh = {
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
    const row: ApiKeyEntity = { ...fresh, name, scopes, productId, customerId, rateLimitPerMinute, expiresAt };
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
  return new DomainError('unauthenticated', 'invalid_token', 'The API key is not valid.');
}
