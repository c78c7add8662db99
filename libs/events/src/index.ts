export { eventsDocument } from './catalog/events-document.js';
export {
  type AuditedType,
  declareEvents,
  descriptionOf,
  type EventType,
  eventTypes,
  exampleOf,
  isEventType,
  kindOfType,
  publicEventTypes,
  type SecurityEventType,
} from './catalog/event-catalog.js';
// Exported with a star: TypeScript merges augmentations of @app/events into no interface that is exported by name.
export type * from './catalog/declared-events.js';
export type { EventDescription } from './catalog/event-description.js';
export { type AuditEntry, type AuditFilter, AuditLog } from './audit-log.js';
export { EventFeed, FEED_DAYS, type FeedEntry, type FeedFilter } from './feed.js';
export { EventKeys, type KeyLookup } from './event-keys.js';
export { EventPartitions } from './partitions.js';
export { EventPublisher, type ProductLookup, type PublishedEvent } from './publisher.js';
export { Events, type KeyedEvent, type NewEvent, type RecordedEvent } from './events.js';
export type { SecurityActor, SecurityEvent, StoredSecurityEvent } from './domain/security-event.js';
export { EventsModule } from './events.module.js';
export { SecurityLog } from './security-log.js';
