const TICK_MS = 50;

/**
 * Measures for how long the event loop of this process was stalled: a timer that fires late shows it. Answers that
 * arrive meanwhile are read late, so the time must not be blamed on the database.
 */
export class ProcessStalls {
  private lastTick = performance.now();
  private stalledMs = 0;
  private readonly timer = setInterval(() => this.tick(), TICK_MS).unref();

  /** Stalled time since the start, up to `now`, in ms. @param now `performance.now()` */
  totalMs(now: number): number {
    return this.stalledMs + Math.max(0, now - this.lastTick - TICK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    const now = performance.now();
    this.stalledMs = this.totalMs(now);
    this.lastTick = now;
  }
}
