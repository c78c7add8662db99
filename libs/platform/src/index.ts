export { CacheInvalidations } from './cache/cache-invalidations.js';
export { Config, type LogLevel, RECOMMENDED_PASSWORD_LENGTH } from './config/config.js';
export type { OidcConfig, OidcRights } from './config/oidc-config.js';
export type { SignInConfig } from './config/sign-in-config.js';
export type { StripeConfig } from './config/stripe-config.js';
export { type ArrayItem, arrayLiteral, columnLiteral } from './database/array-literal.js';
export { BatchedReads, type BatchedStatement } from './database/batched-reads.js';
export { insertList, jsonList, selectList } from './database/column-list.js';
export { count, instant } from './database/columns.js';
export { Batcher, type BatcherOptions, type Outcome } from './batching/batcher.js';
export { Database } from './database/database.js';
export { isQueryTimeout, isRetryable, isUnavailable, isUniqueViolation } from './database/database-errors.js';
export {
  type Connection,
  PipelinedDatabase,
  type PipelinedResult,
  type Statement,
} from './database/pipelined-database.js';
export { type JobProblem, JobProblems } from './jobs/job-problems.repository.js';
export { type Hits, RATE_WINDOW_MS, RateLimits } from './limits/rate-limits.js';
export { type MailAttachment, Mailer, type MailOutcome, type OutgoingMail, type StoredMail } from './mail/mailer.js';
export { ServiceLogger } from './logging/service-logger.js';
export { mayReadMetrics } from './metrics/metrics-access.js';
export { Metrics } from './metrics/metrics.js';
export { shutDownOnSignal } from './process/shutdown.js';
export { exitWith, listenFailure } from './process/start-failure.js';
export { compactHeap } from './process/compact-heap.js';
export { type QueryTally, requestTally } from './observation/request-tally.js';
export { isTracing, startTracing, stopTracing, tracer } from './observation/tracing.js';
export { type Dependencies, type DependencyState, Readiness } from './database/readiness.js';
export { inScope, type ScopeColumns } from './database/scope-condition.js';
export { contains, startsWith } from './database/text-match.js';
export { startDatabase } from './database/start-database.js';
export { Idempotency, type IdempotentRequest, type IdempotentResponse, keyReused } from './idempotency/idempotency.js';
export { LoadingCache } from './cache/loading-cache.js';
export { STALENESS_MS } from './cache/page-store.js';
export { PlatformModule } from './platform.module.js';
export { SharedRedis } from './redis/shared-redis.js';
export { breakerFor, isCircuitOpen } from './resilience/breaker.js';
export { Keyring } from './secrets/keyring.js';
