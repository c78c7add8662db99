export { CacheInvalidations } from './cache/cache-invalidations.js';
export { Config, type LogLevel, RECOMMENDED_PASSWORD_LENGTH } from './config/config.js';
export { type ArrayItem, arrayLiteral } from './database/array-literal.js';
export { jsonList, selectList } from './database/column-list.js';
export { count, instant } from './database/columns.js';
export { Batcher, type Outcome } from './batching/batcher.js';
export { CoalescedWakeups } from './batching/coalesced-wakeups.js';
export { Database } from './database/database.js';
export { isCutShort, isRetryable, isUnavailable, isUniqueViolation } from './database/database-errors.js';
export { type Connection, type Decided, PipelinedDatabase, type Statement } from './database/pipelined-database.js';
export { eventsDocument } from './events/catalog/events-document.js';
export {
  EVENT_CATALOG,
  type EventType,
  exampleOf,
  isEventType,
  PUBLIC_EVENT_TYPES,
} from './events/catalog/event-catalog.js';
export type { EventDescription } from './events/catalog/event-description.js';
export { type AuditEntry, type AuditFilter, AuditLog } from './events/audit-log.js';
export { EventFeed, FEED_DAYS, type FeedEntry, type FeedFilter } from './events/feed.js';
export { EventPartitions } from './events/partitions.js';
export { EventPublisher, type PublishedEvent } from './events/publisher.js';
export { Events, type NewEvent, type RecordedEvent } from './events/events.js';
export { type Hits, RATE_WINDOW_MS, RateLimits } from './limits/rate-limits.js';
export { type KeptMail, Mailer, type MailOutcome, type OutgoingMail } from './mail/mailer.js';
export { ServiceLogger } from './logging/service-logger.js';
export { mayReadMetrics } from './metrics/metrics-access.js';
export { Metrics } from './metrics/metrics.js';
export { shutDownOnSignal } from './process/shutdown.js';
export { type QueryTally, requestTally } from './observation/request-tally.js';
export { isTracing, startTracing, stopTracing, tracer } from './observation/tracing.js';
export { type Dependencies, type DependencyState, Readiness } from './database/readiness.js';
export { startDatabase } from './database/start-database.js';
export { Idempotency, keyReused, type StoredAnswer } from './idempotency/idempotency.js';
export { STALENESS_MS } from './cache/page-store.js';
export { PlatformModule } from './platform.module.js';
export { SharedRedis } from './redis/shared-redis.js';
export { breakerFor, isCircuitOpen } from './resilience/breaker.js';
export { Keyring } from './secrets/keyring.js';
