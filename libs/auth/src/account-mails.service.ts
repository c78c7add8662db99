import { randomBytes } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { Clock, DomainError, newId } from '@app/kernel';
import { Config, Database, Mailer } from '@app/platform';
import { canonicalEmail, type User, UsersService } from '@app/users';
import { type AccountMail, AccountMailsRepository, type ActionToken } from './account-mails.repository.js';
import { ACCOUNT_MAILS, type AccountMailKind, type ActionPurpose, composed } from './domain/account-mail.js';
import { secretHash } from './secret-hash.js';

const HOUR_MS = 3_600_000;
const BATCH = 20;
/** Nobody else sends a mail while one may still be at it. Longer than a mail server is waited for. */
const CLAIMED_MS = 60_000;
const MOST_ATTEMPTS = 8;
/** 30 seconds, then twice as long each time: an hour all in all. */
const backoffMs = (attempts: number): number => 30_000 * 2 ** (attempts - 1);

/**
 * Mail about accounts: asked for in the transaction that it tells of, sent by a job, so that nothing is sent that did not happen, nothing
 * lost that did, and nobody learns from the time of an answer whether there is an account. Tokens are drawn when they are sent; only their hash is kept.
 */
@Injectable()
export class AccountMailsService {
  private readonly logger = new Logger('AccountMails');

  constructor(
    private readonly repository: AccountMailsRepository,
    private readonly users: UsersService,
    private readonly mailer: Mailer,
    private readonly config: Config,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Joins the caller's transaction. */
  ask(kind: AccountMailKind, email: string, userId: string | null): Promise<void> {
    const now = this.clock.now();
    const limits = { most: ACCOUNT_MAILS[kind].mostPerHour, since: new Date(now.getTime() - HOUR_MS), now };
    return this.database.transaction(() => this.repository.ask({ id: newId(), kind, email, canonicalEmail: canonicalEmail(email), userId }, limits));
  }

  /** Sends what is due. Any number of workers may run it: a mail that one of them died over is sent again a minute later. @returns how many were due */
  async deliverDue(): Promise<number> {
    const now = this.clock.now();
    const due = await this.database.transaction(() => this.repository.claim(now, new Date(now.getTime() + CLAIMED_MS), BATCH));
    await Promise.all(due.map((mail) => this.deliver(mail)));
    return due.length;
  }

  /** What a token that came back is good for. @throws DomainError `token_not_valid` when it is unknown, used or over */
  async find(token: string, purpose: ActionPurpose): Promise<ActionToken> {
    return (await this.repository.findToken(secretHash(token), purpose, this.clock.now())) ?? notValid();
  }

  /** Uses a token up, in the transaction of what it is used for. @throws DomainError `token_not_valid` */
  async use(token: string, purpose: ActionPurpose): Promise<ActionToken> {
    const found = await this.find(token, purpose);
    if (!(await this.repository.useToken(secretHash(token), this.clock.now()))) notValid();
    return found;
  }

  /** Whatever this user was sent is worth nothing any more. Needs a transaction. */
  voidTokens(userId: string): Promise<void> {
    return this.repository.voidTokens(userId, this.clock.now());
  }

  /** Needs a transaction. */
  forget({ id, canonicalEmail: address }: User): Promise<void> {
    return this.repository.forget(id, address);
  }

  private async deliver(mail: AccountMail): Promise<void> {
    try {
      const recipient = await this.recipientOf(mail);
      if (recipient) await this.mailer.send({ to: recipient.address, ...composed(mail.kind, await this.draw(mail.kind, recipient), this.config.accountUrl) });
      await this.settle(mail.id, null);
    } catch (error) {
      const last = mail.attempts >= MOST_ATTEMPTS;
      this.logger.warn(`A mail (${mail.kind}) was not taken${last ? ', for the last time' : ''}: ${error instanceof Error ? error.message : String(error)}`);
      await this.settle(mail.id, last ? null : new Date(this.clock.now().getTime() + backoffMs(mail.attempts))).catch(() => undefined);
    }
  }

  /** Who is written to, and where; null when there is nobody, or nothing to tell any more. */
  private async recipientOf({ kind, email, userId }: AccountMail): Promise<{ user: User; address: string } | null> {
    const holder = await this.users.findByEmail(email);
    // To the address as its owner wrote it, never as somebody else spelled it.
    if (kind === 'reset_password') return holder?.active ? { user: holder, address: holder.email } : null;
    const user = userId && (await this.users.findById(userId));
    if (!user || !user.active) return null;
    if (kind === 'verify_email' && (holder?.id !== user.id || user.emailVerifiedAt)) return null;
    if (kind === 'change_email' && holder && holder.id !== user.id) return null;
    return { user, address: email };
  }

  private async draw(kind: AccountMailKind, { user, address }: { user: User; address: string }): Promise<string | null> {
    const { action } = ACCOUNT_MAILS[kind];
    if (!action) return null;
    const token = randomBytes(32).toString('base64url');
    const createdAt = this.clock.now();
    const expiresAt = new Date(createdAt.getTime() + action.hours * HOUR_MS);
    await this.database.transaction(() => this.repository.insertToken(secretHash(token), { userId: user.id, purpose: action.purpose, email: address, expiresAt, createdAt }));
    return token;
  }

  private settle(id: string, dueAt: Date | null): Promise<void> {
    return this.database.transaction(() => this.repository.settle(id, dueAt));
  }
}

function notValid(): never {
  throw new DomainError('invalid', 'token_not_valid', 'The token is unknown, used or over.', { errors: [{ field: 'token', message: 'is unknown, used or over' }] });
}
