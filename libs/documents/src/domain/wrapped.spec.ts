import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { wrapped } from './wrapped.js';

describe('wrapped text', () => {
  const widthOf = (text: string): number => [...text].length;

  it.each([
    ['fits', 10, ['fits']],
    ['breaks at spaces', 8, ['breaks', 'at', 'spaces']],
    ['a bb ccc', 4, ['a bb', 'ccc']],
    ['unbreakable', 4, ['unbr', 'eaka', 'ble']],
    ['', 4, ['']],
  ])('%s at %i', (text, width, lines) => {
    expect(wrapped(text, width, widthOf)).toEqual(lines);
  });

  it('no line is too wide and no character is lost', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.integer({ min: 1, max: 30 }), (text, width) => {
        const lines = wrapped(text, width, widthOf);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });
});
