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
] as const;
export type Scope = (typeof SCOPES)[number];

/** Scopes that users without a selling role may give to their keys: no more than the users may do themselves. */
export const OWN_SCOPES: readonly Scope[] = ['subscriptions:read', 'entitlements:read', 'usage:read', 'usage:write'];

export interface UserPrincipal {
  kind: 'user';
  userId: string;
  role: Role;
  sessionId: string;
  /** Everything that the user may see. Wider for support, on the routes that it may use for any customer. */
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

/** The authenticated caller of a request. */
export type Principal = UserPrincipal | ApiKeyPrincipal;

const RULES_CATALOG: readonly Role[] = ['product_admin', 'admin'];
const READS_CATALOG: readonly Role[] = ['support', ...RULES_CATALOG];

export const isAdmin = (principal: Principal | null): boolean =>
  principal?.kind === 'user' && principal.role === 'admin';

export const isSupport = (principal: Principal): boolean => principal.kind === 'user' && principal.role === 'support';

/** True for users who act for the seller: admins and product admins. */
export const isSeller = (principal: Principal): boolean =>
  principal.kind === 'user' && RULES_CATALOG.includes(principal.role);

/** The actor of events that a caller causes. @example await users.updateOwn(id, changes, actorOf(principal)); */
export function actorOf(principal: Principal): Actor {
  const { origin } = principal;
  return principal.kind === 'user'
    ? { kind: 'user', id: principal.userId, origin }
    : { kind: 'api_key', id: principal.keyId, origin };
}

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

/** True while a user's role and product are what they were, so that a long stream may continue. */
export const hasSameRights = (user: UserPrincipal, before: UserPrincipal): boolean =>
  user.role === before.role && user.scope.productKey === before.scope.productKey;
