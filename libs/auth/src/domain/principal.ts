import { AccessScope, type Actor, type Origin } from '@app/kernel';
import type { Role } from '@app/users';

/** Scopes of API keys. */
export const SCOPES = [
  'catalog:read',
  'catalog:write',
  'customers:read',
  'customers:write',
  'subscriptions:read',
  'subscriptions:write',
  'entitlements:read',
  'usage:read',
  'usage:write',
  'webhooks:write',
  'audit:read',
  'stats:read',
  'billing:read',
  'billing:write',
  'portal:write',
] as const;
export type Scope = (typeof SCOPES)[number];

/** Scopes that users without a selling role may give to their keys: no more than the users may do themselves. */
export const OWN_SCOPES: readonly Scope[] = ['subscriptions:read', 'entitlements:read', 'usage:read', 'usage:write'];

export interface UserPrincipal {
  kind: 'user';
  userId: string;
  role: Role;
  sessionId: string;
  /** True: a second factor is required, and the user may only set it up. */
  lacksSecondFactor: boolean;
  /** Everything that the user may see. Wider for support and finance on their routes for any customer. */
  scope: AccessScope;
  /** Address and id of the request, for the audit log. */
  origin?: Origin;
}

export interface ApiKeyPrincipal {
  kind: 'api_key';
  keyId: string;
  scopes: ReadonlySet<Scope>;
  /** Everything that the key may see: of a user, that user's customer; of a product, that product. */
  scope: AccessScope;
  /** Requests a minute; null: no limit. */
  rateLimitPerMinute: number | null;
  /** Address and id of the request, for the audit log. */
  origin?: Origin;
}

/** A customer in a portal session. */
export interface PortalPrincipal {
  kind: 'portal';
  sessionId: string;
  /** The account of the customer; the id of the session, which no user has, when the customer has no account. */
  userId: string;
  /** One customer on one product. */
  scope: AccessScope;
  /** Address and id of the request, for the audit log. */
  origin?: Origin;
}

/** The authenticated caller of a request. */
export type Principal = UserPrincipal | ApiKeyPrincipal | PortalPrincipal;

const RULES_CATALOG: readonly Role[] = ['product_admin', 'admin'];
const READS_CATALOG: readonly Role[] = ['support', ...RULES_CATALOG];

export const isAdmin = (principal: Principal | null): boolean =>
  principal?.kind === 'user' && principal.role === 'admin';

export const isSupport = (principal: Principal): boolean => principal.kind === 'user' && principal.role === 'support';

export const isFinance = (principal: Principal): boolean => principal.kind === 'user' && principal.role === 'finance';

/** True for people with a role above user. */
export const isStaff = (principal: Principal): boolean => principal.kind === 'user' && principal.role !== 'user';

/** True for users who act for the seller: admins and product admins. */
export const isSeller = (principal: Principal): boolean =>
  principal.kind === 'user' && RULES_CATALOG.includes(principal.role);

/** True for callers that act for their own customer: users without a selling role, and portal sessions. */
export const actsForItself = (principal: Principal): boolean => principal.kind !== 'api_key' && !isSeller(principal);

/** Id of the user, the API key or the portal session. */
export const idOf = (principal: Principal): string =>
  principal.kind === 'user' ? principal.userId : principal.kind === 'api_key' ? principal.keyId : principal.sessionId;

/** The actor of events that a caller causes. @example await users.updateOwn(id, changes, actorOf(principal)); */
export const actorOf = (principal: Principal, origin = principal.origin): Actor => ({
  kind: principal.kind,
  id: idOf(principal),
  origin,
});

/** Role, owner and product of a caller: what its scope is made from. */
export interface UserRights {
  userId: string;
  customerId: string;
  role: Role;
  /** The product of a product admin; null for every other role. */
  product: { id: string; key: string } | null;
}

/** Scope of a user: admins see everything, product admins their product, other users their own customer. */
export const userScope = ({ userId, customerId, role, product }: UserRights): AccessScope =>
  new AccessScope({
    customerId: RULES_CATALOG.includes(role) ? null : customerId,
    product,
    userId: role === 'admin' ? null : userId,
    ownCustomerId: customerId,
    wholeCatalog: READS_CATALOG.includes(role),
  });

/**
 * Scope of an API key: a key that a user created for itself sees its customer, a key of a service sees everything or
 * one product.
 */
export const apiKeyScope = (key: {
  ownerUserId: string;
  customerId: string | null;
  product: { id: string; key: string } | null;
  scopes: ReadonlySet<Scope>;
}): AccessScope =>
  new AccessScope({
    customerId: key.customerId,
    product: key.product,
    userId: key.ownerUserId,
    ownCustomerId: key.customerId,
    wholeCatalog: key.customerId === null && key.scopes.has('catalog:read'),
  });

/** Scope of a portal session: its customer on its product. It owns no API keys. */
export const portalScope = (session: {
  sessionId: string;
  customerId: string;
  product: { id: string; key: string };
}): AccessScope =>
  new AccessScope({
    customerId: session.customerId,
    product: session.product,
    userId: session.sessionId,
    ownCustomerId: session.customerId,
    wholeCatalog: false,
  });

/** True while a user's role and product are what they were, so that a long stream may continue. */
export const hasSameRights = (user: UserPrincipal, before: UserPrincipal): boolean =>
  user.role === before.role && user.scope.productKey === before.scope.productKey;
