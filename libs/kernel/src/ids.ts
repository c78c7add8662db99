import { randomFillSync } from 'node:crypto';
import { V7Generator } from 'uuidv7';

/** Random numbers for some 500 ids. The package reads new ones for each fourth id, which takes half of its time. */
const random = new Uint32Array(2_048);
let nextRandom = random.length;

const generator = new V7Generator({
  nextUint32: () => {
    if (nextRandom === random.length) {
      randomFillSync(random);
      nextRandom = 0;
    }
    return random[nextRandom++]!;
  },
});

/** A new UUIDv7 (RFC 9562). Ids sort by creation time, so keyset pages follow creation. */
export const newId = (): string => generator.generate().toString();

/** The creation time of an id, in ms: a UUIDv7 begins with its time (RFC 9562, 5.7). */
export const timeOfId = (id: string): Date => new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16));

/** A bound for id ranges: sorts after all ids created before the instant and before all others. Never a real id. */
export function idBefore(instant: Date): string {
  const time = instant.getTime().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
}
