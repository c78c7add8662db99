import { type BeforeApplicationShutdown, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Clock, newId, type Page, type PageRequest, toPage } from '@app/kernel';
import { Config, Database, Metrics } from '@app/platform';
import { SecurityCounts } from './domain/security-counts.js';
import type { SecurityEvent, StoredSecurityEvent } from './domain/security-event.js';
import { SecurityEventsRepository } from './security-events.repository.js';

const FLUSH_MS = 1_000;
const DAY_MS = 86_400_000;

/**
 * Security events: collected in memory, stored once a second, counted per minute. Not in the transaction of a cause: a
 * login never waits for its record or fails with it, and most causes (a refusal) have no transaction.
 * A process that is killed loses the last second.
 */
@Injectable()
export class SecurityLog implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('SecurityLog');
  private readonly counts = new SecurityCounts();
  private timer: NodeJS.Timeout | null = null;
  /** Flushes run one after the other. */
  private flushed: Promise<void> = Promise.resolve();

  constructor(
    private readonly repository: SecurityEventsRepository,
    private readonly database: Database,
    private readonly metrics: Metrics,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /**
   * Counts an event. Never waits and never throws.
   * @example
   * securityLog.note({ type: 'login.succeeded', subject: { type: 'user', id }, actor: { kind: 'user', id, origin } });
   */
  note(event: SecurityEvent): void {
    this.metrics.securityEvents.inc({ type: event.type });
    this.counts.add(event, newId(), this.clock.now());
  }

  /** Stores what was counted since the last flush. After a failure the next flush stores it. */
  flush(): Promise<void> {
    this.flushed = this.flushed.then(() => this.store());
    return this.flushed;
  }

  /** Lists the stored events about a subject, oldest first. @example await securityLog.listOf(user.id, page); */
  async listOf(subjectId: string, page: PageRequest): Promise<Page<StoredSecurityEvent>> {
    return toPage(await this.repository.listOf(subjectId, page), page.limit);
  }

  /**
   * Erases the personal data of a user: events about its e-mail address as such are deleted, all others lose their
   * address and details. Needs a transaction.
   * @param accountRef reference of the e-mail address, as in the events of failed logins
   * @example await securityLog.erase(user.id, accountRef);
   */
  async erase(userId: string, accountRef: string): Promise<void> {
    await this.flush();
    await this.repository.deleteOf(accountRef);
    await this.repository.anonymize(userId);
  }

  /** Deletes a batch of events older than SECURITY_EVENT_DAYS. @returns the number of rows */
  purge(): Promise<number> {
    const before = new Date(this.clock.now().getTime() - this.config.securityEventDays * DAY_MS);
    return this.database.transaction(() => this.repository.purge(before));
  }

  onModuleInit(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.flush();
  }

  private async store(): Promise<void> {
    const counts = this.counts.take();
    if (counts.length === 0) return;
    try {
      await this.database.inSeparateTransaction(() => this.repository.add(counts));
    } catch (error) {
      this.counts.putBack(counts);
      this.logger.warn(`Failed to store security events; will retry: ${String(error)}`);
    }
  }
}
