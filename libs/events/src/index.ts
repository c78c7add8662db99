export { eventsDocument } from './catalog/events-document.js';
export { EVENT_CATALOG, type EventType, exampleOf, isEventType, PUBLIC_EVENT_TYPES } from './catalog/event-catalog.js';
export type { EventDescription } from './catalog/event-description.js';
export { type AuditEntry, type AuditFilter, AuditLog } from './audit-log.js';
export { EventFeed, FEED_DAYS, type FeedEntry, type FeedFilter } from './feed.js';
export { EventPartitions } from './partitions.js';
export { EventPublisher, type PublishedEvent } from './publisher.js';
export { Events, type NewEvent, type RecordedEvent } from './events.js';
export { EventsModule } from './events.module.js';
