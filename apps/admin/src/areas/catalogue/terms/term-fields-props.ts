import type { Entitlement } from './terms';

export interface TermFieldsProps {
  entitlement: Entitlement;
  set: (change: Partial<Entitlement>) => void;
  errors: Record<string, string>;
}
