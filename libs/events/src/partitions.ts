import { Injectable } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';

/** Number of future months whose partitions exist. */
const MONTHS_AHEAD = 12;

/** The partition of one month of events. */
export interface EventMonth {
  /** Name of its table. */
  name: string;
  /** For example `2026-11`. */
  month: string;
}

/** Monthly partitions of the events table. */
@Injectable()
export class EventPartitions {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Creates the partitions of the next months. @returns the number created */
  ensure(): Promise<number> {
    const now = this.clock.now();
    const until = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + MONTHS_AHEAD, 1));
    return this.database.transaction(async () => {
      const [row] = await this.database.write<{ made: number }>('select ensure_event_partitions($1, $2) as made', [
        now,
        until,
      ]);
      return row!.made;
    });
  }

  /** Lists months that ended at least `months` whole months ago, oldest first. */
  async olderThan(months: number): Promise<EventMonth[]> {
    const now = this.clock.now();
    const kept = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1)).toISOString().slice(0, 7);
    return (await this.months()).filter(({ month }) => month < kept);
  }

  /** Drops the events of months permanently, one transaction per month. The feed keeps its own copy of each body. */
  async drop(months: EventMonth[]): Promise<void> {
    // Safe to interpolate: the names were read from the catalog of the database.
    for (const { name } of months) await this.database.transaction(() => this.database.write(`drop table ${name}`));
  }

  private async months(): Promise<EventMonth[]> {
    const rows = await this.database.query<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'events'::regclass order by 1`,
    );
    return rows.flatMap(({ name }) => {
      const [, year, month] = /^events_(\d{4})_(\d\d)$/.exec(name) ?? [];
      return year ? [{ name, month: `${year}-${month}` }] : [];
    });
  }
}
