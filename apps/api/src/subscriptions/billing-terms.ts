import { invalidField } from '@app/kernel';
import type { BillingAnchor } from '@app/subscriptions';
import { dateOf, optionalDate } from '../http/input/instants.js';
import type { AgreedEndDto, BillingAnchorDto } from './dto/commands.dto.js';

/** @throws DomainError `invalid_fields` unless the body has exactly one of `anchor` and `dayOfMonth` */
export function billingAnchorOf({ anchor, dayOfMonth, when, prorate = true }: BillingAnchorDto): BillingAnchor {
  const given = optionalDate(anchor);
  const isDay = dayOfMonth !== undefined && dayOfMonth !== null;
  if ((given === undefined) !== isDay)
    throw invalidField('anchor', 'either anchor or dayOfMonth is required, and not both');
  return { at: given ?? { dayOfMonth: dayOfMonth! }, when, prorate };
}

export const agreedEndOf = ({ endsAt, prorate = true }: AgreedEndDto): { endsAt: Date | null; prorate: boolean } => ({
  endsAt: endsAt === null ? null : dateOf(endsAt),
  prorate,
});
