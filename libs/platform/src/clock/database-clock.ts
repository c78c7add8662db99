import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Database } from '../database/database.js';

const SYNC_INTERVAL_MS = 10_000;
const SYNC_SAMPLES = 3;
/** When the database clock steps back by less than this, `now` stays constant until it catches up. Milliseconds. */
const MAX_BACKWARD_STEP_MS = 60_000;

/**
 * Clock of the database, the same for all instances, advanced by this machine's monotonic counter. An instance whose
 * system clock is wrong, or is set, decides nothing differently.
 */
@Injectable()
export class DatabaseClock extends Clock implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('DatabaseClock');
  /** Time of the database when the monotonic counter was 0. Unix milliseconds. */
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
      () =>
        void this.synchronize().catch((error: unknown) =>
          this.logger.debug(`Clock synchronization failed, keeping the last offset: ${String(error)}`),
        ),
      SYNC_INTERVAL_MS,
    ).unref();
  }

  onApplicationShutdown(): void {
    if (this.timer) clearInterval(this.timer);
  }

  /** Reads the database clock several times and keeps the sample with the shortest round trip. */
  async synchronize(): Promise<void> {
    let best = { roundTrip: Infinity, origin: this.origin };
    for (let sample = 0; sample < SYNC_SAMPLES; sample++) {
      const sentAt = performance.now();
      const [row] = await this.database.query<{ ms: number }>(
        'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
      );
      const receivedAt = performance.now();
      if (receivedAt - sentAt < best.roundTrip)
        best = { roundTrip: receivedAt - sentAt, origin: row!.ms - (sentAt + receivedAt) / 2 };
    }
    this.origin = best.origin;
  }
}
