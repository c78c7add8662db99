import { useState } from 'react';
import { MONEY_QUERIES } from '../../money/money-queries';
import { customerKey, type Subscription } from '../customer-reads';

/** Properties of the dialog of one command. */
export interface CommandDialogProps {
  subscription: Subscription;
  onClose: () => void;
}

/** Reads that a command on the subscription of the customer changes. */
export const readsOf = (customer: string): string[][] => [customerKey(customer), ['customers'], ...MONEY_QUERIES];

/** Parameters of a command: it runs once, and only on the version that the dialog shows. */
export function useCommandParams({ id, version }: Subscription) {
  const [params] = useState(() => ({
    path: { id },
    header: { 'Idempotency-Key': crypto.randomUUID(), 'If-Match': `"${version}"` },
  }));
  return params;
}
