import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { DomainError } from '@app/kernel';
import { Database } from './database.js';

const PATIENCE_MS = 1_000;

/** Whether requests should be sent here. */
@Injectable()
export class Readiness implements BeforeApplicationShutdown {
  private stopping = false;

  constructor(private readonly database: Database) {}

  /** Asks the database. @throws DomainError `stopping`, `database_unavailable` */
  async check(): Promise<void> {
    if (this.stopping) throw new DomainError('unavailable', 'stopping', 'The service is stopping.', { retryAfterSeconds: 1 });
    const tooLate = new Promise<never>((_, reject) => setTimeout(() => reject(unanswered()), PATIENCE_MS).unref());
    await Promise.race([this.database.query('select 1'), tooLate]).catch(() => {
      throw unanswered();
    });
  }

  beforeApplicationShutdown(): void {
    this.stopping = true;
  }
}

function unanswered(): DomainError {
  return new DomainError('unavailable', 'database_unavailable', 'The database does not answer.', { retryAfterSeconds: 1 });
}
