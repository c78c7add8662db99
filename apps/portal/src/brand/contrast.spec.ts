import { describe, expect, it } from '@jest/globals';
import { contrast, luminance, mix, READABLE, readable } from './contrast';

describe('contrast of colours', () => {
  it('is that of WCAG', () => {
    expect(contrast('#ffffff', '#000000')).toBeCloseTo(21, 5);
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
    expect(contrast('#1d4ed8', '#1d4ed8')).toBe(1);
    expect([luminance('#000000'), luminance('#ffffff')]).toEqual([0, 1]);
  });

  it('a mixture lies between both colours', () => {
    expect(mix('#000000', '#ffffff', 0)).toBe('#000000');
    expect(mix('#000000', '#ffffff', 0.5)).toBe('#808080');
    expect(mix('#112233', '#ffffff', 1)).toBe('#ffffff');
  });

  it('a readable colour stays as it is', () => {
    expect(readable('#0f766e', '#ffffff', '#000000')).toBe('#0f766e');
    expect(readable('#ffe600', '#2e2e2e', '#ffffff')).toBe('#ffe600');
  });

  it('every other colour becomes readable on light and dark backgrounds', () => {
    for (const color of ['#ffe600', '#ffffff', '#00ff00', '#ff0000', '#888888', '#0000ff', '#000000']) {
      expect(contrast(readable(color, '#fff8e1', '#000000'), '#fff8e1')).toBeGreaterThanOrEqual(READABLE);
      expect(contrast(readable(color, '#2e2e2e', '#ffffff'), '#2e2e2e')).toBeGreaterThanOrEqual(READABLE);
    }
  });
});
