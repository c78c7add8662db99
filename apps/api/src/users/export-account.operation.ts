import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { ProfileService } from '@app/accounts';
import { ApiKeysService, SessionsService, type UserPrincipal } from '@app/auth';
import { Clock } from '@app/kernel';
import { ConcurrencyLimit } from '../http/streaming/concurrency-limit.js';
import { AccountRecords, type ExportLine, pagesOf } from './account-records.js';
import { UserPresenter } from './user-presenter.js';

/** A copy of everything is dear: so many at once for one person and instance. */
const MAX_CONCURRENT = 2;

/** Everything that is kept of a person, read a page at a time while it is sent. */
@Injectable()
export class ExportAccountOperation {
  private readonly underWay = new ConcurrencyLimit(MAX_CONCURRENT, 'exports');

  constructor(
    private readonly profiles: ProfileService,
    private readonly sessions: SessionsService,
    private readonly apiKeys: ApiKeysService,
    private readonly records: AccountRecords,
    private readonly presenter: UserPresenter,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError `too_many_at_once` */
  run(principal: UserPrincipal): Readable {
    return this.underWay.run(principal.userId, () => Readable.from(this.texts(principal), { objectMode: false }));
  }

  private async *texts(principal: UserPrincipal): AsyncGenerator<string> {
    for await (const line of this.lines(principal)) yield `${JSON.stringify(line)}\n`;
  }

  private async *lines(principal: UserPrincipal): AsyncGenerator<ExportLine> {
    const profile = await this.profiles.get(principal.userId);
    yield { kind: 'account', exportedAt: this.clock.now(), ...(await this.presenter.me(profile)) };
    for (const session of await this.sessions.listOf(principal.userId)) yield { kind: 'session', ...session };
    // Only the user's own keys: an admin sees other keys too, and they are not the admin's data.
    const ownKeys = { ownerUserId: principal.userId, productId: null };
    for await (const key of pagesOf((page) => this.apiKeys.list(page, ownKeys))) yield { kind: 'api_key', ...key };
    yield* this.records.of(profile.customer, principal.userId);
    yield { kind: 'end', whole: true };
  }
}
