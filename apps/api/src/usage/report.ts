import { invalidField } from '@app/kernel';

/** Entity and value of a request; null and left out mean the same. */
interface GivenReport {
  quantity?: number | null;
  entity?: string | null;
  value?: number | string | null;
}

/** The report of a request: its units, or its value in place of units. */
export const reportOf = ({ quantity, entity, value }: GivenReport) => ({
  quantity: quantity ?? 1,
  entity: entity ?? undefined,
  value: value ?? undefined,
});

/** Like `reportOf`. @throws DomainError `invalid_fields` when quantity and value are both given */
export function unitsOrValue(given: GivenReport) {
  const report = reportOf(given);
  if (report.value !== undefined && (given.quantity ?? null) !== null)
    throw invalidField('value', 'must not be combined with quantity');
  return report;
}
