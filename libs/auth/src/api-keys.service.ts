import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CatalogReader } from '@app/catalog';
import { Clock, DomainError, invalidField, newId, type Page, type PageRequest, toPage } from '@app/kernel';
import { Database, Events } from '@app/platform';
import type { ApiKeyEntity } from './auth.entities.js';
import { AuthRepository, type ApiKeyState } from './auth.repository.js';
import { actorOf, type ApiKeyPrincipal, isAdmin, OWN_SCOPES, type Scope, type UserPrincipal } from './domain/principal.js';
import { REVOCATION_BOUND_MS } from './sessions.service.js';

/** `tg_<public id>_<secret>`: the id finds the key, the secret proves it. */
const KEY_FORM = /^tg_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;
const MAX_CACHED = 50_000;

export interface NewApiKey {
  name: string;
  scopes: Scope[];
  product?: string;
  expiresAt?: Date;
}

export interface ApiKeyView {
  id: string;
  name: string;
  prefix: string;
  lastFour: string;
  scopes: Scope[];
  product: string | null;
  expiresAt: Date | null;
  createdAt: Date;
}

interface CachedKey {
  state: ApiKeyState | null;
  principal: ApiKeyPrincipal | null;
}

const digest = (secret: string): Buffer => hash('sha256', secret, 'buffer');

/** Keys that services call with. Only the hash of a secret is kept. */
@Injectable()
export class ApiKeysService {
  private readonly cache: LRUCache<string, CachedKey>;

  constructor(
    private readonly repository: AuthRepository,
    private readonly catalog: CatalogReader,
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
    const proven = state && timingSafeEqual(state.secretHash, digest(secret));
    if (!proven || (state.expiresAt && state.expiresAt <= this.clock.now())) throw notValid();
    return principal!;
  }

  /**
   * Makes a key; its text is told this once. Admins make service keys; other people's keys act for their own customer only.
   * @throws DomainError `scope_not_allowed`, `product_not_found`, `invalid_fields`
   */
  async create(input: NewApiKey, owner: UserPrincipal): Promise<{ apiKey: ApiKeyView; key: string }> {
    const now = this.clock.now();
    const confined = !isAdmin(owner);
    const excess = confined ? input.scopes.find((scope) => !OWN_SCOPES.includes(scope)) : undefined;
    if (excess) throw new DomainError('forbidden', 'scope_not_allowed', `Only admins may give the scope ${excess}.`, { allowed: OWN_SCOPES });
    if (input.expiresAt && input.expiresAt <= now) throw invalidField('expiresAt', 'must be in the future');
    const product = input.product === undefined ? null : await this.catalog.getProduct(input.product);
    const publicId = randomBytes(8).toString('hex');
    const secret = randomBytes(32).toString('base64url');
    const row: ApiKeyEntity = {
      id: newId(),
      publicId,
      secretHash: digest(secret),
      lastFour: secret.slice(-4),
      name: input.name,
      scopes: [...new Set(input.scopes)],
      productId: product?.id ?? null,
      ownerUserId: owner.userId,
      customerId: confined ? owner.customerId : null,
      expiresAt: input.expiresAt ?? null,
      revokedAt: null,
      createdAt: now,
    };
    await this.database.transaction(async () => {
      await this.repository.insertApiKey(row);
      await this.record('api_key.created', row.id, owner, { name: row.name, scopes: row.scopes, product: product?.key ?? null });
    });
    return { apiKey: await this.view(row), key: `tg_${publicId}_${secret}` };
  }

  /** Keys in force, newest first: people see their own, admins all. */
  async list(page: PageRequest, principal: UserPrincipal): Promise<Page<ApiKeyView>> {
    const rows = toPage(await this.repository.listApiKeys(page, isAdmin(principal) ? null : principal.userId), page.limit);
    return { data: await Promise.all(rows.data.map((row) => this.view(row))), hasMore: rows.hasMore };
  }

  /** Ends a key. @returns who owned it. @throws DomainError `api_key_not_found` when it is not there or not yours */
  revoke(id: string, principal: UserPrincipal): Promise<{ ownerUserId: string }> {
    return this.database.transaction(async () => {
      const row = await this.repository.findApiKeyById(id);
      const mine = row && (isAdmin(principal) || row.ownerUserId === principal.userId);
      if (!mine || !(await this.repository.revokeApiKey(id, this.clock.now()))) {
        throw new DomainError('not_found', 'api_key_not_found', 'There is no such API key.');
      }
      await this.record('api_key.revoked', id, principal, { name: row.name });
      this.cache.delete(row.publicId);
      return { ownerUserId: row.ownerUserId };
    });
  }

  /** Makes this instance look again: after an owner was deactivated. */
  forget(): void {
    this.cache.clear();
  }

  private async view(row: ApiKeyEntity): Promise<ApiKeyView> {
    const { id, name, publicId, lastFour, scopes, productId, expiresAt, createdAt } = row;
    const product = productId && (await this.catalog.productKey(productId));
    return { id, name, prefix: `tg_${publicId}`, lastFour, scopes, product, expiresAt, createdAt };
  }

  private record(type: string, id: string, principal: UserPrincipal, after: object): Promise<void> {
    return this.events.record({ type, subject: { type: 'api_key', id }, customerId: principal.customerId, actor: actorOf(principal), after });
  }
}

function principalOf({ id, scopes, product, customerId }: ApiKeyState): ApiKeyPrincipal {
  return { kind: 'api_key', keyId: id, scopes: new Set(scopes), product, customerId };
}

function notValid(): DomainError {
  return new DomainError('unauthenticated', 'invalid_token', 'The API key is not valid.');
}
