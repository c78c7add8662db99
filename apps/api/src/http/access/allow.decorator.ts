import { SetMetadata } from '@nestjs/common';
import type { Scope } from '@app/auth';

/**
 * Who may call a route. Left out means nobody of that kind.
 * `scope`: API keys that have it. `people`: `user` anybody logged in, `owner` admins and those whose own customer it is about, `admin` admins.
 */
export interface AccessRule {
  scope?: Scope;
  people?: 'user' | 'owner' | 'admin';
}

export const ACCESS_RULE = 'access:rule';

/** Every route says who may call it; one that says nothing answers nobody. */
export const Allow = (rule: AccessRule | 'public') => SetMetadata(ACCESS_RULE, rule);
