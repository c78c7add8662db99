import type { ReactElement, ReactNode } from 'react';
import { useEntitlement } from './use-entitlement';

export interface GateProps {
  feature: string;
  /** Shown when the feature is denied, for example an offer to upgrade. */
  fallback?: ReactNode;
  /** Shown while the decision loads. */
  loading?: ReactNode;
  children?: ReactNode;
}

/** Shows its children only to customers that may use a feature. */
export function Gate({ feature, fallback = null, loading = null, children }: GateProps): ReactElement {
  const { allowed, isLoading } = useEntitlement(feature);
  if (isLoading) return <>{loading}</>;
  return <>{allowed ? children : fallback}</>;
}
