import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import type { Scope } from '@app/auth';
import { StaffAuditGuard } from './staff-audit.guard.js';

/** Callers that a route admits. A kind that is left out is rejected. */
export interface AccessRule {
  /** API keys with this scope. */
  scope?: Scope;
  /**
   * `user`: every logged-in user. `owner`: users for their own customer, and admins. `product_admin`: admins of the
   * product, and admins. `admin`: admins only.
   */
  users?: 'user' | 'owner' | 'product_admin' | 'admin';
  /** Support may do this for every customer: read, or repair with a `reason`. */
  support?: 'reads' | 'repairs';
  /** Portal sessions may do this for their customer. */
  portal?: true;
  /** Finance may do this for every customer: read, or refund and mark paid with a `reason`. */
  finance?: 'reads' | 'settles';
  /** Also users who must first set up a second factor. */
  beforeSecondFactor?: true;
}

/**
 * `public`: credentials are ignored. `optional`: no credentials are needed, but those that a request has must be valid.
 */
export type OpenRule = 'public' | 'optional';

export const ACCESS_RULE = 'access:rule';

/**
 * Sets the access rule of a route. Without one, the route rejects every caller.
 * @example @Allow({ scope: 'subscriptions:read', users: 'owner', support: 'reads' })
 */
export function Allow(rule: AccessRule | OpenRule): MethodDecorator {
  const guards =
    typeof rule === 'object' && (rule.support === 'reads' || rule.finance === 'reads')
      ? [UseGuards(StaffAuditGuard)]
      : [];
  return applyDecorators(SetMetadata(ACCESS_RULE, rule), ...guards);
}
