import { randomInt } from 'node:crypto';

const MAX_SEED = 0x7fffffff;

export const randomSeed = () => randomInt(1, MAX_SEED);

/** A pseudo-random stream determined by its seed (mulberry32). */
export class Random {
  constructor(seed) {
    this.seed = seed >>> 0;
    this.state = this.seed;
  }

  /** From 0 up to, not including, 1. */
  fraction() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from `min` to `max`, both included. */
  between(min, max) {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  chance(probability) {
    return this.fraction() < probability;
  }

  pick(list) {
    return list[this.between(0, list.length - 1)];
  }

  shuffle(list) {
    const shuffled = [...list];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.between(0, last);
      [shuffled[last], shuffled[other]] = [shuffled[other], shuffled[last]];
    }
    return shuffled;
  }

  /** @param weights relative weights by value */
  weighted(weights) {
    const entries = Object.entries(weights);
    let left = this.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    return (entries.find(([, weight]) => (left -= weight) < 0) ?? entries.at(-1))[0];
  }

  /** An independent stream, so that the choices of a scenario do not depend on which others ran. */
  fork(name) {
    let mixed = this.seed;
    for (const char of name) mixed = Math.imul(mixed ^ char.charCodeAt(0), 0x9e3779b1) >>> 0;
    return new Random(mixed);
  }
}
