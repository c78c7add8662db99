import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { allowedReturnUrl, CatalogReader, portalSettingsOf } from '@app/catalog';
import type { Customer } from '@app/customers';
import {
  type Actor,
  Clock,
  DomainError,
  newId,
  notFound,
  type Origin,
  type Page,
  type PageRequest,
  type ScopeFilter,
  toPage,
} from '@app/kernel';
import { Events, type EventType } from '@app/events';
import { Config, Database, LoadingCache } from '@app/platform';
import { AuthenticationRecord } from './authentication-record.js';
import { actorOf, type PortalPrincipal, portalScope, type Principal } from './domain/principal.js';
import {
  type ListedPortalSession,
  PortalSessionsRepository,
  type PortalSessionState,
  type RejectedLink,
} from './portal-sessions.repository.js';
import { secretHash } from './secret-hash.js';
import { REVOCATION_BOUND_MS } from './sessions.service.js';

const LINK_MS = 15 * 60_000;
const SESSION_SECONDS = 3_600;
const MAX_CACHED = 50_000;

/** Tokens of portal sessions begin with it. They are opaque: every request needs the session anyway. */
export const PORTAL_TOKEN_PREFIX = 'tgp_';

/** A portal session to create. */
export interface NewPortalSession {
  customer: Customer;
  /** Key of the product. */
  product: string;
  /** Where the portal leads back to. Left out: the portal has no way back. */
  returnUrl?: string;
}

/** A session whose link was used. */
export interface OpenedPortalSession {
  id: string;
  accessToken: string;
  /** Lifetime of the access token, in seconds. */
  expiresIn: number;
  /** Key of the customer. */
  customer: string;
  /** Key of the product. */
  product: string;
  returnUrl: string | null;
}

/** Portal sessions: one-time links, and the sessions of one customer on one product that they become. */
@Injectable()
export class PortalSessionsService {
  /** By the hash of the token. */
  private readonly cache: LoadingCache<PortalPrincipal & { expiresAt: Date }>;

  constructor(
    private readonly repository: PortalSessionsRepository,
    private readonly catalog: CatalogReader,
    private readonly record: AuthenticationRecord,
    private readonly config: Config,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {
    this.cache = new LoadingCache(database, { max: MAX_CACHED, ttl: REVOCATION_BOUND_MS }, async (hash) => {
      const state = await repository.findInForce(Buffer.from(hash, 'base64'), clock.now());
      return state && { ...principalOf(state), expiresAt: state.expiresAt };
    });
  }

  /**
   * Creates a one-time link that is valid for 15 minutes. Its token is in the fragment of the URL, which browsers send
   * to no server, so that it is in no log and no Referer header. Only its hash is stored.
   *
   * @throws DomainError `product_not_found`; `invalid_fields` for a return URL that the product does not allow
   * @example const { url } = await portalSessions.create({ customer, product: 'api' }, principal);
   */
  async create(
    { customer, product: productKey, returnUrl }: NewPortalSession,
    principal: Principal,
  ): Promise<{ id: string; url: string; expiresAt: Date }> {
    const product = await this.catalog.getProduct(productKey);
    const { allowedReturnUrls } = portalSettingsOf(product);
    const target = returnUrl === undefined ? null : allowedReturnUrl(returnUrl, allowedReturnUrls);
    const token = newToken();
    const now = this.clock.now();
    const id = newId();
    const expiresAt = new Date(now.getTime() + LINK_MS);
    const actor = actorOf(principal);
    const session = { id, customerId: customer.id, productId: product.id };
    await this.database.transaction(async () => {
      await this.repository.insert({
        ...session,
        createdByUserId: actor.kind === 'user' ? actor.id : null,
        createdByKeyId: actor.kind === 'api_key' ? actor.id : null,
        returnUrl: target,
        linkHash: secretHash(token),
        expiresAt,
        createdAt: now,
      });
      await this.note('portal_session.created', session, actor, { expiresAt });
    });
    return { id, url: `${this.config.publicUrl}/portal#token=${token}`, expiresAt };
  }

  /**
   * Uses a link: it becomes a session of one hour. Of concurrent calls with one link, one succeeds.
   *
   * @throws DomainError `invalid_portal_link` for a link that is unknown, used, expired or revoked, or whose creator or
   * customer is gone
   * @example const { accessToken } = await portalSessions.exchange(token, origin);
   */
  async exchange(linkToken: string, origin: Origin): Promise<OpenedPortalSession> {
    const linkHash = secretHash(linkToken);
    const accessToken = PORTAL_TOKEN_PREFIX + newToken();
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + SESSION_SECONDS * 1_000);
    const opened = await this.database.transaction(async () => {
      const row = await this.repository.open(linkHash, { now, tokenHash: secretHash(accessToken), expiresAt });
      if (row) await this.note('portal_session.opened', row, { kind: 'portal', id: row.id, origin }, { expiresAt });
      return row;
    });
    if (opened) {
      const { id, customer, product } = opened;
      const returnUrl = await this.stillAllowed(opened);
      return { id, accessToken, expiresIn: SESSION_SECONDS, customer, product, returnUrl };
    }
    const link = await this.repository.findByLink(linkHash);
    this.record.portalLinkRejected(link, reasonOf(link, now), origin);
    throw new DomainError(
      'unauthenticated',
      'invalid_portal_link',
      'The link is unknown, used, expired or revoked; get a new one from the service that you came from.',
    );
  }

  /**
   * The customer of an access token. Synchronous while the session is cached, for up to 800 ms.
   *
   * @throws DomainError `invalid_token` when the token is unknown or its session has ended
   * @example const principal = await portalSessions.authenticate('tgp_...');
   */
  authenticate(token: string): PortalPrincipal | Promise<PortalPrincipal> {
    const hash = secretHash(token).toString('base64');
    const cached = this.cache.get(hash);
    return cached ? this.inTime(cached) : this.cache.load(hash).then((found) => this.inTime(found));
  }

  /**
   * Revokes a session, or its unused link: on this instance immediately, on the others within 1 s. Revoking it again
   * changes nothing.
   *
   * @throws DomainError `portal_session_not_found` when it does not exist or the caller may not see it
   * @example await portalSessions.revoke(id, principal);
   */
  revoke(id: string, principal: Principal): Promise<void> {
    return this.database.transaction(async () => {
      const session = await this.repository.lock(id);
      if (!session || !principal.scope.admits(session)) throw notFound('portal_session', 'portal session');
      if (session.revokedAt) return;
      await this.repository.revoke(id, this.clock.now());
      await this.note('portal_session.revoked', { id, ...session }, actorOf(principal));
      this.database.afterCommit(() => this.cache.clear());
    });
  }

  /** Lists the sessions in a scope, newest first: unused links, open sessions, and those that ended lately. */
  async list(page: PageRequest, scope: ScopeFilter): Promise<Page<ListedPortalSession>> {
    return toPage(await this.repository.list(page, scope), page.limit);
  }

  /** The return URL of a session; null when the settings of the product do not allow it any more. */
  private async stillAllowed({
    product,
    returnUrl,
  }: {
    product: string;
    returnUrl: string | null;
  }): Promise<string | null> {
    if (returnUrl === null) return null;
    try {
      return allowedReturnUrl(returnUrl, portalSettingsOf(await this.catalog.getProduct(product)).allowedReturnUrls);
    } catch (error) {
      if (error instanceof DomainError) return null;
      throw error;
    }
  }

  private inTime(session: (PortalPrincipal & { expiresAt: Date }) | undefined): PortalPrincipal {
    if (session && session.expiresAt > this.clock.now()) return session;
    throw new DomainError('unauthenticated', 'invalid_token', 'The portal session has ended; open a new link.');
  }

  private note(
    type: EventType,
    { id, customerId, productId }: { id: string; customerId: string; productId: string },
    actor: Actor,
    after?: object,
  ): Promise<void> {
    return this.events.record({
      type,
      subject: { type: 'portal_session', id },
      customerId,
      productId,
      actor,
      after,
    });
  }
}

/** 256 random bits. */
const newToken = (): string => randomBytes(32).toString('base64url');

function principalOf({ sessionId, userId, ...state }: PortalSessionState): PortalPrincipal {
  return {
    kind: 'portal',
    sessionId,
    userId: userId ?? sessionId,
    scope: portalScope({ sessionId, ...state }),
  };
}

function reasonOf(link: RejectedLink | null, now: Date): string {
  if (!link) return 'unknown';
  if (link.revokedAt) return 'revoked';
  if (link.openedAt) return 'used';
  return link.expiresAt <= now ? 'expired' : 'creator_or_customer_gone';
}
