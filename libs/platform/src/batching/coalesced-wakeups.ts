/**
 * Resolves all promises queued in one event-loop turn in one setImmediate. Waking each caller separately costs more
 * than a short response.
 *
 * @example await wakeups.next(); // before the response of a batched request is written
 */
export class CoalescedWakeups {
  private waiting: (() => void)[] = [];

  /** Resolves at the start of the next turn, together with all other callers of this turn. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      if (this.waiting.push(resolve) === 1) setImmediate(() => this.waiting.splice(0).forEach((resume) => resume()));
    });
  }
}
