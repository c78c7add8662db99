import type { components } from '@tollgate/schema';

export type OverrideTerms = Omit<components['schemas']['SetOverrideDto'], 'product' | 'reason' | 'expiresAt'>;
