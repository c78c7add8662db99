/** The only source of the current time. Injected everywhere, replaced in tests. */
export abstract class Clock {
  abstract now(): Date;
}
