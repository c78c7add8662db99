import { Injectable } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';

/** Months that are ready before they begin. */
const MONTHS_AHEAD = 12;

/** A month of events. */
export interface EventMonth {
  /** Of its table. */
  name: string;
  /** As `2026-11`. */
  month: string;
}

/** The months that the list of what happened is kept in. */
@Injectable()
export class EventPartitions {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Makes the months to come. @returns how many were missing */
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

  /** The months that ended `months` whole months ago or earlier, oldest first. */
  async olderThan(months: number): Promise<EventMonth[]> {
    const now = this.clock.now();
    const kept = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1)).toISOString().slice(0, 7);
    return (await this.months()).filter(({ month }) => month < kept);
  }

  /** Forgets months for good, one transaction each. What was to be told of them has been told: the feed keeps its own copy. */
  async drop(months: EventMonth[]): Promise<void> {
    // Names come from the database itself.
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
