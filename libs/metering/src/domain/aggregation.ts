import type { Aggregation, Feature } from '@app/catalog';
import { DomainError, invalidField } from '@app/kernel';
import type { EntityMeter } from './entity-meter.js';
import type { Report } from './report.js';

/** By how much a value that was reported for an instant changes the count of its entity. */
const CHANGES: Record<
  Exclude<Aggregation, 'sum'>,
  (entity: EntityMeter, value: number | string, at: Date) => number
> = {
  latest: ({ used, latestAt }, value, at) => (latestAt !== null && at < latestAt ? 0 : Number(value) - used),
  max: ({ used }, value) => Math.max(0, Number(value) - used),
  unique: ({ used }) => 1 - used,
};

/** The change of the count by a report: its units, or the difference that its value makes. */
export function changeOf(
  aggregation: Aggregation,
  entity: EntityMeter | null | undefined,
  { quantity, value, at }: { quantity: number; value?: number | string; at: Date },
): number {
  if (value === undefined || aggregation === 'sum' || !entity) return quantity;
  return CHANGES[aggregation](entity, value, at);
}

/** The value that the ledger keeps with an entry; undefined: the entry counts units. */
export const ledgerValue = (value: number | string | undefined): number | undefined =>
  typeof value === 'string' ? 1 : value;

const EXPECTED_VALUE: Record<Aggregation, { type: 'undefined' | 'number' | 'string'; message: string }> = {
  sum: { type: 'undefined', message: 'must be left out: the feature counts the sum of quantities' },
  latest: { type: 'number', message: 'must be a whole number: the feature counts the latest value' },
  max: { type: 'number', message: 'must be a whole number: the feature counts the highest value' },
  unique: { type: 'string', message: 'must be a text: the feature counts distinct values' },
};

/** True when the feature counts what the report says. */
export const fits = ({ aggregation }: Pick<Feature, 'aggregation'>, { entity, value }: Report): boolean =>
  typeof value === EXPECTED_VALUE[aggregation].type && !(aggregation === 'unique' && entity !== undefined);

/** @throws DomainError `invalid_fields` when the feature does not count what the report says */
export function assertFits(feature: Pick<Feature, 'aggregation'>, report: Report): void {
  if (fits(feature, report)) return;
  const { type, message } = EXPECTED_VALUE[feature.aggregation];
  if (typeof report.value !== type) throw invalidField('value', message);
  throw invalidField('entity', 'must be left out: the feature counts distinct values of the customer');
}

/** Only the sum of units can be reserved and returned. @throws DomainError `feature_counts_values` */
export function assertSum({ aggregation }: Pick<Feature, 'aggregation'>): void {
  if (aggregation === 'sum') return;
  throw new DomainError(
    'invalid',
    'feature_counts_values',
    `The feature counts by ${aggregation}, not by the sum of units; report its value instead.`,
    { errors: [{ field: 'feature', message: `counts by ${aggregation}` }] },
  );
}
