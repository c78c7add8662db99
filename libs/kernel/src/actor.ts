/** Who did something, as it is written beside each event. `system` is the service itself: a job or the first start. */
export interface Actor {
  kind: 'user' | 'api_key' | 'system';
  id: string | null;
}

export const SYSTEM_ACTOR: Actor = { kind: 'system', id: null };
