import { AccessScope, type Actor, type Origin } from '@app/kernel';
import type { Role } from '@app/users';

/** What an API key may be given. */
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

/** What plain people may give to keys of their own: no more than they may do themselves, so no plan that is not public. */
export const OWN_SCOPES: readonly Scope[] = ['subscriptions:read', 'entitlements:read', 'usage:read', 'usage:write'];

export interface UserPrincipal {
  kind: 'user';
  userId: string;
  role: Role;
  sessionId: string;
  /** What the user may see. Wider for support, on the routes that it may use for any customer. */
  scope: AccessScope;
  /** Of the request. */
  origin?: Origin;
}

export interface ApiKeyPrincipal {
  kind: 'api_key';
  keyId: string;
  scopes: ReadonlySet<Scope>;
  /** What the key may see: of a user, that user's customer; of a product, that product. */
  scope: AccessScope;
  /** null: as many requests as it likes. */
  rateLimitPerMinute: number | null;
  /** Of the request. */
  origin?: Origin;
}

/** Who makes a request. */
export type Principal = UserPrincipal | ApiKeyPrincipal;

const RULES_CATALOG: readonly Role[] = ['product_admin', 'admin'];
const READS_CATALOG: readonly Role[] = ['support', ...RULES_CATALOG];

export const isAdmin = (principal: Principal | null): boolean =>
  principal?.kind === 'user' && principal.role === 'admin';

export const isSupport = (principal: Principal): boolean => principal.kind === 'user' && principal.role === 'support';

/** True for people who act for the seller: admins, of everything or of one product. */
export const isSeller = (principal: Principal): boolean =>
  principal.kind === 'user' && RULES_CATALOG.includes(principal.role);

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

/** What a user sees: admins everything, product admins their product, other users their own customer. */
export const userScope = ({ userId, customerId, role, product }: UserRights): AccessScope =>
  new AccessScope({
    customerId: RULES_CATALOG.includes(role) ? null : customerId,
    product,
    userId: role === 'admin' ? null : userId,
    ownCustomerId: customerId,
    wholeCatalog: READS_CATALOG.includes(role),
  });

/** What an API key sees: keys that users made for themselves their customer, keys of services everything or one product. */
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
