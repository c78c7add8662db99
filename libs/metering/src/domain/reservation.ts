import { DomainError } from '@app/kernel';
import type { CounterKey } from './ledger.js';

export type ReservationStatus = 'held' | 'committed' | 'released' | 'expired';

/** Units reserved on one counter until they are committed, released, or expire. */
export interface Reservation extends CounterKey {
  id: string;
  /** The id of the name of the entity that the units are reserved for. */
  entityId: string | null;
  /** Units reserved. */
  quantity: number;
  /** Units counted by the commit. */
  committed: number;
  status: ReservationStatus;
  expiresAt: Date;
  createdAt: Date;
  /** When it was committed, released or expired; null while it is held. */
  closedAt: Date | null;
}

/** @throws DomainError `reservation_expired`, `reservation_settled` */
export function assertOpen({ status, expiresAt }: Reservation, now: Date): void {
  const current = status === 'held' && expiresAt <= now ? 'expired' : status;
  if (current === 'expired') throw new DomainError('conflict', 'reservation_expired', 'The reservation has expired.');
  if (current !== 'held')
    throw new DomainError('conflict', 'reservation_settled', `The reservation is already ${current}.`);
}
