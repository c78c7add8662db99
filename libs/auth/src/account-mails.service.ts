import { randomBytes } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type Channel, DeliveriesService, type Delivery, Dispatcher, MAIL_DESTINATION, type Outcome } from '@app/deliveries';
import { Clock, DomainError, newId } from '@app/kernel';
import { Config, Database, Mailer } from '@app/platform';
import { canonicalEmail, type User, UsersService } from '@app/users';
import { type AccountMail, AccountMailsRepository, type ActionToken } from './account-mails.repository.js';
import {
  ACCOUNT_MAILS,
  type AccountMailKind,
  type ActionPurpose,
  composed,
  type MailedAction,
} from './domain/account-mail.js';
import { secretHash } from './secret-hash.js';

const HOUR_MS = 3_600_000;
/** What it says is no longer to the point. */
const TOO_LATE_MS = 24 * HOUR_MS;

/**
 * Mail about accounts: asked for in the transaction that it tells of, sent by the way of all deliveries, so that nothing is sent that did not happen, nothing
 * lost that did, and nobody learns from the time of an answer whether there is an account. Tokens are drawn when they are sent; only their hash is kept.
 */
@Injectable()
export class AccountMailsService implements Channel, OnModuleInit {
  constructor(
    private readonly repository: AccountMailsRepository,
    private readonly users: UsersService,
    private readonly deliveries: DeliveriesService,
    private readonly dispatcher: Dispatcher,
    private readonly mailer: Mailer,
    private readonly config: Config,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.dispatcher.register('account_mail', this);
  }

  /** Joins the caller's transaction. */
  enqueue(kind: AccountMailKind, email: string, userId: string | null): Promise<void> {
    const createdAt = this.clock.now();
    const mail = { id: newId(), kind, email, canonicalEmail: canonicalEmail(email), userId, createdAt };
    const limits = { most: ACCOUNT_MAILS[kind].mostPerHour, since: new Date(createdAt.getTime() - HOUR_MS) };
    return this.database.transaction(async () => {
      const asked = await this.repository.enqueue(mail, limits);
      if (asked)
        await this.deliveries.enqueue([{ channel: 'account_mail', destination: MAIL_DESTINATION, messageId: mail.id, type: kind }]);
    });
  }

  async prepare(deliveries: Delivery[]): Promise<(() => Promise<Outcome>)[]> {
    const mails = new Map(
      (await this.repository.findAll(deliveries.map(({ messageId }) => messageId))).map((mail) => [mail.id, mail]),
    );
    return deliveries.map(
      ({ messageId }) =>
        () =>
          this.deliver(mails.get(messageId)),
    );
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
  async erase({ id, canonicalEmail: address }: User): Promise<void> {
    await this.deliveries.deleteMessages('account_mail', await this.repository.erase(id, address));
  }

  private async deliver(mail: AccountMail | undefined): Promise<Outcome> {
    if (!mail || this.clock.now().getTime() - mail.createdAt.getTime() > TOO_LATE_MS)
      return { result: 'never', why: 'too_late' };
    return this.mailer.attempt(async () => {
      const recipient = await this.recipientOf(mail);
      if (!recipient) return null;
      const { action } = ACCOUNT_MAILS[mail.kind];
      const token = action && (await this.draw(action, recipient));
      // Deleted since it was looked at.
      if (action && token === null) return null;
      return {
        to: recipient.address,
        ...composed(mail.kind, { token, accountUrl: this.config.accountUrl, language: recipient.user.language }),
      };
    });
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

  /** @returns null when there is nobody any more who could use it */
  private async draw(
    { purpose, hours }: MailedAction,
    { user, address }: { user: User; address: string },
  ): Promise<string | null> {
    const token = randomBytes(32).toString('base64url');
    const createdAt = this.clock.now();
    const expiresAt = new Date(createdAt.getTime() + hours * HOUR_MS);
    const drawn = await this.database.transaction(() =>
      this.repository.insertToken(secretHash(token), {
        userId: user.id,
        purpose,
        email: address,
        expiresAt,
        createdAt,
      }),
    );
    return drawn ? token : null;
  }
}

function notValid(): never {
  throw new DomainError('invalid', 'token_not_valid', 'The token is unknown, used or over.', {
    errors: [{ field: 'token', message: 'is unknown, used or over' }],
  });
}
