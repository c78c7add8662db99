const hash = (text) => {
  let value = 2_166_136_261;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 16_777_619);
  return value >>> 0;
};
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const hex = (bits) => HEX[bits >>> 24] + HEX[(bits >>> 16) & 255] + HEX[(bits >>> 8) & 255] + HEX[bits & 255];
const WARM_UP = 12;

/** Pseudo-random numbers (sfc32 of PractRand): the same for the same `seed`, `stream` and `index`. */
export class Random {
  constructor(seed, stream, index) {
    this.a = hash(stream);
    this.b = hash(`${seed}`);
    this.c = index | 0;
    this.d = 1;
    for (let round = 0; round < WARM_UP; round++) this.bits();
  }

  bits() {
    const sum = (this.a + this.b + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum;
  }

  /** From 0 up to, and not including, 1. */
  share() {
    return (this.bits() >>> 0) / 4_294_967_296;
  }

  between(low, high) {
    return low + this.share() * (high - low);
  }

  /** An instant in milliseconds. */
  instant(low, high) {
    return Math.floor(this.between(low, high));
  }

  /** One of `[weight, value]`. */
  pick(weighted) {
    const whole = weighted.reduce((sum, [weight]) => sum + weight, 0);
    let left = this.share() * whole;
    for (const [weight, value] of weighted) if ((left -= weight) < 0) return value;
    return weighted.at(-1)[1];
  }

  /** A share of which most are small and few are near 1 or beyond it (Pareto). */
  heavyTail(least) {
    return least / (1 - this.share());
  }

  /** A UUIDv7 (RFC 9562) that says it was made at this instant. */
  uuid(at) {
    const time = at.toString(16).padStart(12, '0');
    const [one, two, three] = [hex(this.bits()), hex((this.bits() & 0x3fffffff) | 0x80000000), hex(this.bits())];
    return `${time.slice(0, 8)}-${time.slice(8)}-7${one.slice(0, 3)}-${two.slice(0, 4)}-${two.slice(4)}${three}`;
  }
}
