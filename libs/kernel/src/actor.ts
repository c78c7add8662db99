/**
 * The author of a change, stored with each event. `portal` is a customer in a portal session, by the id of the session;
 * `system` is the service itself: a job or the first start.
 */
export interface Actor {
  kind: 'user' | 'api_key' | 'portal' | 'system';
  id: string | null;
  /** Source of the request; left out for changes without a request. */
  origin?: Origin;
}

/** Source of a request: client address and request id. */
export interface Origin {
  address: string;
  requestId: string;
}

export const SYSTEM_ACTOR: Actor = { kind: 'system', id: null };
