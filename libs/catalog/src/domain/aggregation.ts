import { invalidField } from '@app/kernel';
import type { Aggregation, FeatureType } from './catalog.js';

/** Only usage of metered features may be counted by anything but the sum. @throws DomainError `invalid_fields` */
export function checkAggregation(
  { type, aggregation = 'sum' }: { type: FeatureType; aggregation?: Aggregation },
  field = 'aggregation',
): void {
  if (aggregation !== 'sum' && type !== 'metered')
    throw invalidField(field, `must be sum or left out for a ${type} feature`);
}
