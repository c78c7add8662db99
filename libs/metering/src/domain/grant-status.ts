import type { Grant } from '@app/entitlements';

export const GRANT_STATUSES = ['upcoming', 'active', 'used_up', 'expired', 'voided'] as const;
export type GrantStatus = (typeof GRANT_STATUSES)[number];

/** The status of a grant at an instant. A recurring grant that is used up becomes active when it is filled again. */
export function grantStatus(
  { voidedAt, effectiveAt, expiresAt }: Pick<Grant, 'voidedAt' | 'effectiveAt' | 'expiresAt'>,
  balance: number,
  now: Date,
): GrantStatus {
  if (voidedAt !== null) return 'voided';
  if (expiresAt !== null && expiresAt <= now) return 'expired';
  if (effectiveAt > now) return 'upcoming';
  return balance > 0 ? 'active' : 'used_up';
}
