import type { PortalPrincipal, UserPrincipal } from '@app/auth';
import type { Mailbox } from '@app/notifications';
import { requestParam } from '../http/routes/route.js';

/** The notifications that the caller may read: all its notifications, or in a portal session those of its product. */
export const OwnMailbox = () =>
  requestParam(({ caller }): Mailbox => {
    const { kind, userId, scope } = caller as UserPrincipal | PortalPrincipal;
    return { userId, product: kind === 'portal' ? scope.productKey : undefined };
  });
