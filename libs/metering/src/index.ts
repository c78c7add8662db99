import './metering.events.js';

export { type CounterChange, CountersRepository } from './counting/counters.repository.js';
export { CounterChecksRepository, type Mismatch } from './counting/counter-checks.repository.js';
export { type BalancedGrant, GrantBalances } from './counting/grant-balances.service.js';
export { HistoricalDecisions } from './counting/historical-decisions.js';
export { type FeatureOverage, OverageService, type WindowOverage } from './counting/overage.service.js';
export {
  type CoverageRequest,
  type PendingCoverage,
  PendingCoverageService,
} from './counting/pending-coverage.service.js';
export { type CheckReport, UsageChecker } from './counting/usage-checker.js';
export { type EntityUsage, UsageEntitiesService } from './counting/usage-entities.service.js';
export {
  type LevelRequest,
  type LevelStep,
  UsageLevelsRepository,
  type ValueRequest,
  type WindowLevels,
} from './counting/usage-levels.repository.js';
export { type UsageRecord, UsageRecordsRepository } from './counting/usage-records.repository.js';
export type { DenialRow } from './denials/denial-counts.repository.js';
export { DenialCounts, type Denied } from './denials/denial-counts.service.js';
export { assertAllowed } from './domain/assert-allowed.js';
export type { JointDecision } from './domain/consume-commands.js';
export type { Decision } from './domain/decide.js';
export { GRANT_STATUSES, type GrantStatus } from './domain/grant-status.js';
export type { GrantBurn } from './counting/ledger.repository.js';
export type { IngestResult, UsageEvent } from './domain/ingest-command.js';
export type { CounterKey, LedgerEntry } from './domain/ledger.js';
export type { ReservationDecision } from './domain/reservation-commands.js';
export { CUSTOMER_STEPS, type CustomerStep, SERIES_STEPS, type SeriesStep } from './domain/series.js';
export type { FeatureQuantity, IdempotencyClaim, UsageResult } from './domain/usage-command.js';
export { MeteringModule } from './metering.module.js';
export {
  fingerprintOf,
  MeteringService,
  type RequestContext,
  type ReservationRef,
  type UsageScope,
  type UsageSubject,
} from './metering.service.js';
export type { CountedStep } from './series/series-steps.js';
export { UsageRollupsRepository } from './series/usage-rollups.repository.js';
export {
  type FeatureUsage,
  type ProductUsage,
  type UsageSeries,
  UsageSeriesService,
} from './series/usage-series.service.js';
