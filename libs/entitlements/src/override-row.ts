import type { EntitlementTerms } from '@app/catalog';
import type { Override } from './domain/entitlement-snapshot.js';

/** A row of the entitlement_overrides table as PostgreSQL's to_json returns it. */
export interface OverrideRow {
  feature_id: string;
  terms: EntitlementTerms;
  expires_at: string | null;
  reason: string | null;
  created_at: string;
  updated_at: string;
}

/** The one mapping of the entitlement_overrides table. */
export function overrideFromRow({
  feature_id,
  terms,
  expires_at,
  reason,
  created_at,
  updated_at,
}: OverrideRow): Override {
  return {
    featureId: feature_id,
    terms,
    expiresAt: expires_at === null ? null : new Date(expires_at),
    reason,
    createdAt: new Date(created_at),
    updatedAt: new Date(updated_at),
  };
}
