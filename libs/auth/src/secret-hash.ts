import { hash } from 'node:crypto';

/** All that is kept of a secret that was drawn by chance: 256 bits need no salt and no slowness. */
export const secretHash = (secret: string): Buffer => hash('sha256', secret, 'buffer');
