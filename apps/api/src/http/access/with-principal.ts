import type { Principal } from '@app/auth';
import type { Customer } from '@app/customers';
import type { CachedSnapshot } from '@app/entitlements';
import type { SubscriptionOwner } from '@app/subscriptions';

/** Values that the guards put on a request. */
export interface WithPrincipal {
  /** The cached principal, which many requests share. */
  caller: Principal | null;
  /** The caller with the origin of this request. Made when it is first read: most requests do not need it. */
  readonly principal: Principal | null;
  customer?: Customer;
  /** The snapshot of `customer` that the database has just confirmed; null where it was not cached. */
  snapshot?: CachedSnapshot | null;
  /** The whole subscription, unless the route resolves its owner only. */
  subscription?: SubscriptionOwner;
}
