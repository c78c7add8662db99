/** The one source of the present. Injected everywhere, replaced in tests. */
export abstract class Clock {
  abstract now(): Date;
}
