import { invalidField } from '@app/kernel';
import type { BillingAnchor } from '@app/subscriptions';
import type { AgreedEndDto, BillingAnchorDto } from './dto/commands.dto.js';

/** @throws DomainError `invalid_fields` unless the body has exactly one of `anchor` and `dayOfMonth` */
export function billingAnchorOf({ anchor, dayOfMonth, when, prorate = true }: BillingAnchorDto): BillingAnchor {
  if ((anchor === undefined) === (dayOfMonth === undefined))
    throw invalidField('anchor', 'either anchor or dayOfMonth is required, and not both');
  return { at: anchor === undefined ? { dayOfMonth: dayOfMonth! } : new Date(anchor), when, prorate };
}

export const agreedEndOf = ({ endsAt, prorate = true }: AgreedEndDto): { endsAt: Date | null; prorate: boolean } => ({
  endsAt: endsAt === null ? null : new Date(endsAt),
  prorate,
});
