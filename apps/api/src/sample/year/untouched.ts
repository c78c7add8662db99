import type { Life } from './lives.js';

/** Customers without a turn, in the order of their start: each situation takes some. */
export class Untouched {
  constructor(private readonly left: Life[]) {}

  take(count: number, fits: (life: Life) => boolean): Life[] {
    const taken = this.left.filter(fits).slice(0, count);
    for (const life of taken) this.left.splice(this.left.indexOf(life), 1);
    return taken;
  }
}
