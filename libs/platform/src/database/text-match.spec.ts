import { describe, expect, it } from '@jest/globals';
import { contains, startsWith } from './text-match.js';

describe('patterns of LIKE', () => {
  it.each([
    ['acme', 'acme%'],
    ['ACME', 'acme%'],
    ['50%_\\', '50\\%\\_\\\\%'],
  ])('escapes %s', (text, pattern) => {
    expect(startsWith(text)).toBe(pattern);
    expect(contains(text)).toBe(`%${pattern}`);
  });
});
