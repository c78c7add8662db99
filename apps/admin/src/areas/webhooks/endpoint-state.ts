import type { Endpoint } from './endpoint';

export type EndpointState = 'ok' | 'failing' | 'paused' | 'disabled';

/** The most severe state of an endpoint. */
export function stateOf({ enabled, pausedUntil, failingSince }: Endpoint): EndpointState {
  if (!enabled) return 'disabled';
  if (pausedUntil !== null) return 'paused';
  return failingSince === null ? 'ok' : 'failing';
}
