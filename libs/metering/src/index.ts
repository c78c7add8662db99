import './metering.events.js';

export type { IngestResult, JointDecision, FeatureQuantity, ReservationDecision, UsageEvent } from './commands.js';
export { assertAllowed } from './domain/assert-allowed.js';
export type { Decision } from './domain/decide.js';
export { SERIES_STEPS, type SeriesStep } from './domain/series.js';
export { UsageRollupsRepository } from './usage-rollups.repository.js';
export { MeteringModule } from './metering.module.js';
export { fingerprintOf, MeteringService, type UsageScope, type UsageSubject } from './metering.service.js';
export { HistoricalDecisions } from './historical-decisions.js';
export type { IdempotencyClaim, UsageResult } from './usage-command.js';
export { type UsageRecord, UsageRecordsRepository } from './usage-records.repository.js';
export { type CheckReport, UsageChecker } from './usage-checker.js';
export {
  type CounterChange,
  type CounterKey,
  type CounterRow,
  type LedgerEntry,
  type Mismatch,
  UsageRepository,
} from './usage.repository.js';
export { type FeatureUsage, type ProductUsage, UsageSeriesService, type UsageSeries } from './usage-series.service.js';
export type { CountedStep } from './series-steps.js';
