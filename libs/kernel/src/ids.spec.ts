import { describe, expect, it } from '@jest/globals';
import { idBefore, newId, timeOfId } from './ids.js';

describe('ids', () => {
  it('sort by creation time and contain it', () => {
    const ids = Array.from({ length: 1_000 }, newId);
    expect([...ids].sort()).toEqual(ids);
    expect(Math.abs(timeOfId(ids[0]!).getTime() - Date.now())).toBeLessThan(10_000);
  });

  it('lie between those of instants', () => {
    const id = newId();
    const made = timeOfId(id);
    expect(idBefore(made) < id && id < idBefore(new Date(made.getTime() + 1))).toBe(true);
    expect(idBefore(new Date('2026-11-22T05:00:00.123Z'))).toBe('01a201a0-1cfb-0000-0000-000000000000');
    expect(timeOfId(idBefore(made))).toEqual(made);
  });
});
