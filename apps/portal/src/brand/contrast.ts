/** Contrast that text needs (WCAG 2.2, level AA). */
export const READABLE = 4.5;

type Channels = [number, number, number];

/** @param color as `#rrggbb` */
const channelsOf = (color: string): Channels =>
  [1, 3, 5].map((start) => parseInt(color.slice(start, start + 2), 16)) as Channels;

const hex = (channels: Channels): string =>
  `#${channels.map((one) => Math.round(one).toString(16).padStart(2, '0')).join('')}`;

/** Relative luminance: 0 is black, 1 is white. */
export function luminance(color: string): number {
  const [red, green, blue] = channelsOf(color).map((channel) => {
    const share = channel / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as Channels;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast of two colours: 1 to 21. */
export function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** @param share 0: `color`; 1: `other` */
export function mix(color: string, other: string, share: number): string {
  const target = channelsOf(other);
  return hex(channelsOf(color).map((one, index) => one + (target[index]! - one) * share) as Channels);
}

const STEPS = 20;

/**
 * The colour, or the nearest one towards `end` that is readable on `background`.
 * @example readable('#ffee00', '#ffffff', '#000000') // a dark yellow
 */
export function readable(color: string, background: string, end: '#000000' | '#ffffff'): string {
  const shades = Array.from({ length: STEPS + 1 }, (_, step) => mix(color, end, step / STEPS));
  return shades.find((shade) => contrast(shade, background) >= READABLE) ?? end;
}
