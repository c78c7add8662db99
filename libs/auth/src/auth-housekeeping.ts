import { Injectable } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';
import { AccountMailsRepository } from './account-mails.repository.js';
import { AuthRepository } from './auth.repository.js';
import { RETENTION_MS } from './domain/login-backoff.js';
import { LoginAttemptsRepository } from './login-attempts.repository.js';
import { OidcRepository } from './oidc/oidc.repository.js';
import { PortalSessionsRepository } from './portal-sessions.repository.js';

const DAY_MS = 86_400_000;

/** Retention: deletes expired sessions and tokens, sent mails, used states, and old login attempts. */
@Injectable()
export class AuthHousekeeping {
  constructor(
    private readonly auth: AuthRepository,
    private readonly mails: AccountMailsRepository,
    private readonly attempts: LoginAttemptsRepository,
    private readonly portalSessions: PortalSessionsRepository,
    private readonly oidc: OidcRepository,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Deletes a batch of each. Any number of workers may run it.
   *
   * @returns the number of rows
   * @example const rows = await housekeeping.purge();
   */
  purge(): Promise<number> {
    const now = this.clock.now();
    const yesterday = new Date(now.getTime() - DAY_MS);
    return this.database.transaction(async () => {
      const sessions = (await this.auth.purge(yesterday)) + (await this.portalSessions.purge(yesterday));
      const mails = (await this.mails.purge(yesterday)) + (await this.oidc.purge(yesterday));
      return sessions + mails + (await this.attempts.purge({ before: new Date(now.getTime() - RETENTION_MS), now }));
    });
  }
}
