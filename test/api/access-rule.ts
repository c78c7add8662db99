/**
 * Access rules: every route of the service has a row here, or the test fails.
 * `scope`: API keys with this scope. `users`: admin, product_admin (and admins), owner (users for their own customer,
 * and admins), user (every logged-in user); left out: no user. `support`: what support may do for any customer: read,
 * or repair with a reason. `finance`: what finance may do with the money of any customer: read, or change it with a
 * reason. `portal`: portal sessions may call it for their customer.
 */
export interface Access {
  /** `optional`: credentials are not needed, but a request that has some must have valid ones. */
  public?: true | 'optional';
  scope?: string;
  users?: 'admin' | 'product_admin' | 'owner' | 'user';
  support?: 'reads' | 'repairs';
  finance?: 'reads' | 'settles';
  portal?: true;
  /**
   * Required for each route that takes the id or the key of an object: what it answers when the object belongs to
   * another.
   */
  others?: Others;
}

/** Kinds of objects that belong to a customer, a user or a product. */
export type ObjectKind =
  | 'customer'
  | 'subscription'
  | 'reservation'
  | 'grant'
  | 'endpoint'
  | 'delivery'
  | 'apiKey'
  | 'notification'
  | 'clock'
  | 'planMigration'
  | 'plan'
  | 'feature'
  | 'addOn'
  | 'coupon'
  | 'taxRate'
  | 'invoice'
  | 'creditNote'
  | 'payment'
  | 'checkout'
  | 'product'
  | 'portalSession'
  | 'user';

/** The 404 of an absent object of this kind, or an exception with its reason. */
export type Others = ObjectKind | { empty: ObjectKind } | { allowed: string };
