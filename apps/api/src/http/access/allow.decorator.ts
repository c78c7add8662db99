import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import type { Scope } from '@app/auth';
import { SupportAuditGuard } from './support-audit.guard.js';

/** Who may call a route. Left out means nobody of that kind. */
export interface AccessRule {
  /** API keys that have it. */
  scope?: Scope;
  /** `user` anybody logged in, `owner` those whose own customer it is about and admins, `product_admin` admins of the product, `admin` admins of everything. */
  users?: 'user' | 'owner' | 'product_admin' | 'admin';
  /** What support does here, about anybody: it `reads`, or it `repairs` and says in `reason` why. */
  support?: 'reads' | 'repairs';
}

/** `public`: credentials are ignored. `optional`: a request without credentials is admitted, but credentials that it has must be valid. */
export type OpenRule = 'public' | 'optional';

export const ACCESS_RULE = 'access:rule';

/** Every route says who may call it; one that says nothing answers nobody. */
export function Allow(rule: AccessRule | OpenRule): MethodDecorator {
  const watched = typeof rule === 'object' && rule.support === 'reads' ? [UseGuards(SupportAuditGuard)] : [];
  return applyDecorators(SetMetadata(ACCESS_RULE, rule), ...watched);
}
