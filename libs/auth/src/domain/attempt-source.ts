import type { Origin } from '@app/kernel';

/** Where an attempt to prove a password comes from. */
export interface AttemptSource extends Origin {
  /** The address, or its block of addresses: wrong passwords are counted for it. */
  block: string;
}
