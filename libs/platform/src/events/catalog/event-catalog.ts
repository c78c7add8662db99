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
export const PUBLIC_EVENT_TYPES = (Object.keys(CATALOG) as EventType[]).filter((type) => !EVENT_CATALOG[type].auditOnly);

export const isEventType = (text: string): text is EventType => Object.hasOwn(CATALOG, text);
