import { uuidv7 } from 'uuidv7';

/** A new UUIDv7 (RFC 9562): sorts by the time it was made, so that keyset pages follow creation. */
export const newId = (): string => uuidv7();

/** When it was made, to the millisecond: a UUIDv7 begins with its time (RFC 9562, 5.7). */
export const timeOfId = (id: string): Date => new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16));

/** Sorts after all ids that were made before an instant, and before all others; itself it is nobody's. */
export function idBefore(instant: Date): string {
  const time = instant.getTime().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
}
