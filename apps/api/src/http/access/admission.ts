import {
  type ApiKeyPrincipal,
  isAdmin,
  isFinance,
  isSeller,
  isSupport,
  type Principal,
  type UserPrincipal,
} from '@app/auth';
import { DomainError } from '@app/kernel';
import { ACCESS_RULE, type AccessRule, type OpenRule } from './allow.decorator.js';

/** Roles that see every customer on the routes that say so. */
export type StaffRole = 'support' | 'finance';

/** A caller that a rule admits. */
export interface Admission {
  /** The caller with the scope that the rule gives it. */
  caller: Principal;
  /** The role by which the caller must give a reason for a change; null: no reason is required. */
  reasonOf: StaffRole | null;
}

/** The access rule of a method of a controller. */
export const ruleOf = (handler: object): AccessRule | OpenRule | undefined =>
  Reflect.getMetadata(ACCESS_RULE, handler) as AccessRule | OpenRule | undefined;

/**
 * Admits a caller to the routes of a rule: the only place that decides it.
 * @throws DomainError `insufficient_scope`, `not_for_portal`, `services_only`, `admin_only`
 */
export function admissionOf(rule: AccessRule, principal: Principal): Admission {
  if (principal.kind === 'user') return userAdmission(rule, principal);
  if (principal.kind === 'api_key') assertScope(rule, principal);
  else assertForPortal(rule);
  return { caller: principal, reasonOf: null };
}

/** The admission of a caller to a method of a controller; null when the method refuses it. */
export function admissionTo(handler: object, principal: Principal): Admission | null {
  const rule = ruleOf(handler);
  if (typeof rule === 'string') return { caller: principal, reasonOf: null };
  try {
    return admissionOf(rule ?? {}, principal);
  } catch (error) {
    if (error instanceof DomainError) return null;
    throw error;
  }
}

function assertScope({ scope }: AccessRule, { scopes }: ApiKeyPrincipal): void {
  if (scope && scopes.has(scope)) return;
  const detail = scope
    ? `The API key needs the scope ${scope}.`
    : 'API keys cannot call this route; use an access token.';
  throw new DomainError('forbidden', 'insufficient_scope', detail, { scope });
}

function assertForPortal({ portal }: AccessRule): void {
  if (!portal) throw new DomainError('forbidden', 'not_for_portal', 'A portal session cannot call this route.');
}

function userAdmission(rule: AccessRule, principal: UserPrincipal): Admission {
  if (!rule.users) throw new DomainError('forbidden', 'services_only', 'Users cannot call this route; use an API key.');
  const widened = (): UserPrincipal => ({ ...principal, scope: principal.scope.widened() });
  if (rule.support && isSupport(principal))
    return { caller: widened(), reasonOf: rule.support === 'repairs' ? 'support' : null };
  if (rule.finance && isFinance(principal))
    return { caller: widened(), reasonOf: rule.finance === 'settles' ? 'finance' : null };
  const isRefused =
    (rule.users === 'admin' && !isAdmin(principal)) || (rule.users === 'product_admin' && !isSeller(principal));
  if (isRefused) throw new DomainError('forbidden', 'admin_only', 'Only admins may call this route.');
  return { caller: principal, reasonOf: null };
}
