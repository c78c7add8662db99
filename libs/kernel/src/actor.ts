/** Who did something, as it is written beside each event. `system` is the service itself: a job or the first start. */
export interface Actor {
  kind: 'user' | 'api_key' | 'system';
  id: string | null;
  /** Where it was asked for; left out where nobody asked. */
  origin?: Origin;
}

/** Where a request came from. */
export interface Origin {
  address: string;
  requestId: string;
}

export const SYSTEM_ACTOR: Actor = { kind: 'system', id: null };
