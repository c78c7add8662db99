export type { FactResult, JointDecision, QuantityOf, ReservationDecision, UsageFact } from './commands.js';
export type { Decision } from './domain/decide.js';
export { SERIES_STEPS, type SeriesStep } from './domain/series.js';
export { CustomerLedgersRepository } from './customer-ledgers.repository.js';
export { MeteringModule } from './metering.module.js';
export { fingerprintOf, MeteringService, type UsageScope, type UsageSubject } from './metering.service.js';
export { PastUsage } from './past-usage.js';
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
export { type FeatureUsage, type ProductUsage, UsageOverTime, type UsageSeries } from './usage-over-time.js';
export type { CountedStep } from './usage-steps.js';
