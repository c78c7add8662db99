import { CATALOG_EVENTS } from './catalog-events.js';
import type { EventDescription } from './event-description.js';
import { PEOPLE_EVENTS } from './people-events.js';
import { SUBSCRIPTION_EVENTS } from './subscription-events.js';
import { USAGE_EVENTS } from './usage-events.js';

const CATALOG = { ...SUBSCRIPTION_EVENTS, ...USAGE_EVENTS, ...CATALOG_EVENTS, ...PEOPLE_EVENTS } as const;

/** Everything that can happen; what is not here cannot be recorded. */
export type EventType = keyof typeof CATALOG;

/** Every type of event, with an example. */
export const EVENT_CATALOG: Readonly<Record<EventType, EventDescription>> = CATALOG;

/** The types that are told: to webhooks, streams and people. */
export const PUBLIC_EVENT_TYPES = (Object.keys(CATALOG) as EventType[]).filter(
  (type) => !EVENT_CATALOG[type].auditOnly,
);

export const isEventType = (text: string): text is EventType => Object.hasOwn(CATALOG, text);

/** A whole message of a type, as a receiver gets it. */
export function exampleOf(type: EventType): object {
  const { subject, before = null, after = null } = EVENT_CATALOG[type];
  const { version = null } = (after ?? {}) as { version?: number };
  const id = '01998a4e-8000-7000-8000-000000000001';
  const actor = { kind: 'api_key', id: '01998a4e-8000-7000-8000-000000000002' };
  const data = {
    id,
    sequence: version ?? 1,
    subject: { type: subject, id: '01998a4e-8000-7000-8000-000000000003' },
    version,
    customer: 'acme',
    product: 'api',
    actor,
    reason: null,
    before,
    after,
  };
  return { type, timestamp: '2026-11-21T09:00:00.000Z', data };
}
