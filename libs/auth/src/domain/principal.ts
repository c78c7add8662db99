import type { Actor } from '@app/kernel';
import type { Role } from '@app/users';

/** What an API key may be given. */
export const SCOPES = [
  'catalog:read', 'catalog:write', 'customers:read', 'customers:write', 'subscriptions:read', 'subscriptions:write',
  'entitlements:read', 'usage:read', 'usage:write', 'webhooks:write', 'audit:read', 'stats:read',
] as const;
export type Scope = (typeof SCOPES)[number];

/** What plain people may give to keys of their own: no more than they may do themselves, so no plan that is not public. */
export const OWN_SCOPES: readonly Scope[] = ['subscriptions:read', 'entitlements:read', 'usage:read', 'usage:write'];

export interface UserPrincipal {
  kind: 'user';
  userId: string;
  customerId: string;
  role: Role;
  sessionId: string;
}

export interface ApiKeyPrincipal {
  kind: 'api_key';
  keyId: string;
  scopes: ReadonlySet<Scope>;
  /** Confined to this product; null: all. */
  product: string | null;
  /** Confined to this customer: keys that plain people made; null: all. */
  customerId: string | null;
}

/** Who makes a request. */
export type Principal = UserPrincipal | ApiKeyPrincipal;

export const isAdmin = (principal: Principal | null): boolean => principal?.kind === 'user' && principal.role === 'admin';

export function actorOf(principal: Principal): Actor {
  return principal.kind === 'user' ? { kind: 'user', id: principal.userId } : { kind: 'api_key', id: principal.keyId };
}

/** The only customer that the principal may act for; null: any. */
export function confinedTo(principal: Principal): string | null {
  return isAdmin(principal) ? null : principal.customerId;
}

/** True for those who see drafts, archived and unlisted plans too. */
export const seesWholeCatalog = (principal: Principal | null): boolean =>
  isAdmin(principal) || (principal?.kind === 'api_key' && principal.customerId === null && principal.scopes.has('catalog:read'));
