export type { Decision } from './domain/decide.js';
export { MeteringModule } from './metering.module.js';
export { type Consumption, MeteringService, type UsageSeries, type UsageSubject } from './metering.service.js';
export { type CounterKey, type CounterRow, type SeriesStep, type UsageEntry, UsageRepository } from './usage.repository.js';
