import { type Actor, DomainError, type Origin } from '@app/kernel';
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
  customerId: string;
  role: Role;
  /** The product that a product admin is confined to; null for everybody else. */
  product: string | null;
  sessionId: string;
  /** Set for support, on the routes where it may see everybody. */
  reach?: 'everybody';
  /** Of the request. */
  origin?: Origin;
}

export interface ApiKeyPrincipal {
  kind: 'api_key';
  keyId: string;
  scopes: ReadonlySet<Scope>;
  /** Confined to this product; null: all. */
  product: string | null;
  /** Confined to this customer: keys that plain people made; null: all. */
  customerId: string | null;
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

/** True for people who act for the seller: admins, of everything or of one product. */
export const isSeller = (principal: Principal): boolean =>
  principal.kind === 'user' && RULES_CATALOG.includes(principal.role);

export function actorOf(principal: Principal): Actor {
  const { origin } = principal;
  return principal.kind === 'user'
    ? { kind: 'user', id: principal.userId, origin }
    : { kind: 'api_key', id: principal.keyId, origin };
}

/** The only customer that the principal may act for; null: any. */
export function confinedTo(principal: Principal): string | null {
  const anybody = principal.kind === 'user' && (isSeller(principal) || principal.reach === 'everybody');
  return anybody ? null : principal.customerId;
}

/** The product that a caller means: the one that is named, else the only one that it may see. @throws DomainError `product_not_allowed` when it is confined to another one */
export function productMeant(principal: Principal | null, named: string | undefined): string | undefined {
  const confined = principal?.product ?? null;
  if (confined !== null && named !== undefined && named !== confined)
    throw new DomainError('forbidden', 'product_not_allowed', 'You are confined to another product.');
  return named ?? confined ?? undefined;
}

/** True for those who see drafts, archived and unlisted plans too. */
export function seesWholeCatalog(principal: Principal | null): boolean {
  if (principal?.kind === 'user') return READS_CATALOG.includes(principal.role);
  return principal !== null && principal.customerId === null && principal.scopes.has('catalog:read');
}
