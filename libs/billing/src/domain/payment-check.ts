import { timeOfId } from '@app/kernel';
import type { Payment } from './payment.js';
import { CHECK_LEASE_MS } from './provider-times.js';

const MAX_DELAY_MS = 3_600_000;

/** When a provider is queried next about a payment: the longer it is under way, the later. In real time. */
export function nextCheckAt({ id }: Pick<Payment, 'id'>, now: Date): Date {
  const age = now.getTime() - timeOfId(id).getTime();
  return new Date(now.getTime() + Math.min(Math.max(age / 2, CHECK_LEASE_MS), MAX_DELAY_MS));
}
