import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Database } from '../database/database.js';

const SYNC_INTERVAL_MS = 10_000;
const SYNC_SAMPLES = 3;
/** A step back of the database's clock by less than this is waited for; a longer one is followed. Milliseconds. */
const MAX_BACKWARD_STEP_MS = 60_000;

/**
 * The clock of the database, the same for all instances, carried on by this machine's monotonic counter: neither an instance whose own
 * clock is wrong nor one whose clock is set decides anything differently.
 */
@Injectable()
export class DatabaseClock extends Clock implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('DatabaseClock');
  /** What the database's clock showed when the counter began. */
  private origin = Date.now() - performance.now();
  private latest = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly database: Database) {
    super();
  }

  now(): Date {
    const now = Math.floor(this.origin + performance.now());
    if (now > this.latest || this.latest - now > MAX_BACKWARD_STEP_MS) this.latest = now;
    return new Date(this.latest);
  }

  async onModuleInit(): Promise<void> {
    await this.synchronize();
    this.timer = setInterval(
      () => void this.synchronize().catch((error: unknown) => this.logger.debug(`Not synchronised: ${String(error)}`)),
      SYNC_INTERVAL_MS,
    ).unref();
  }

  onApplicationShutdown(): void {
    if (this.timer) clearInterval(this.timer);
  }

  /** Of a few answers the quickest is the truest. */
  async synchronize(): Promise<void> {
    let best = { roundTrip: Infinity, origin: this.origin };
    for (let sample = 0; sample < SYNC_SAMPLES; sample++) {
      const asked = performance.now();
      const [row] = await this.database.query<{ ms: number }>(
        'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
      );
      const answered = performance.now();
      if (answered - asked < best.roundTrip)
        best = { roundTrip: answered - asked, origin: row!.ms - (asked + answered) / 2 };
    }
    this.origin = best.origin;
  }
}
