import { randomBytes } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import {
  type Channel,
  DeliveriesService,
  type Delivery,
  Dispatcher,
  MAIL_DESTINATION,
  type Outcome,
} from '@app/deliveries';
import { Clock, DomainError, newId } from '@app/kernel';
import { Config, Database, Mailer } from '@app/platform';
import { canonicalEmail, type User, UsersService } from '@app/users';
import { type AccountMail, AccountMailsRepository, type ActionToken } from './account-mails.repository.js';
import {
  ACCOUNT_MAILS,
  type AccountMailKind,
  type ActionPurpose,
  composeMail,
  type MailedAction,
} from './domain/account-mail.js';
import { secretHash } from './secret-hash.js';

const HOUR_MS = 3_600_000;
/** A mail that is older is dropped: its content is out of date. */
const TOO_LATE_MS = 24 * HOUR_MS;

/**
 * Mails about accounts, through an outbox: enqueued in the transaction of their cause and sent as deliveries. So no
 * mail is sent for a change that was rolled back, none is lost, and the response time does not show whether there is
 * an account. Tokens are generated at sending; only their hashes are stored.
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

  /**
   * Enqueues a mail, in the caller's transaction. Dropped without an error above the limit per address and hour.
   *
   * @param userId null when the address decides which user it concerns: a password reset
   * @example await mails.enqueue('verify_email', user.email, user.id);
   */
  enqueue(kind: AccountMailKind, email: string, userId: string | null): Promise<void> {
    const createdAt = this.clock.now();
    const mail = { id: newId(), kind, email, canonicalEmail: canonicalEmail(email), userId, createdAt };
    const limits = { max: ACCOUNT_MAILS[kind].maxPerHour, since: new Date(createdAt.getTime() - HOUR_MS) };
    return this.database.transaction(async () => {
      const accepted = await this.repository.enqueue(mail, limits);
      if (accepted)
        await this.deliveries.enqueue([
          { channel: 'account_mail', destination: MAIL_DESTINATION, messageId: mail.id, type: kind },
        ]);
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

  /**
   * The user and the address of a token from a mail. The token stays valid.
   *
   * @throws DomainError `token_not_valid` when it is unknown, used or expired
   * @example const { userId } = await mails.find(token, 'reset_password');
   */
  async find(token: string, purpose: ActionPurpose): Promise<ActionToken> {
    return (await this.repository.findToken(secretHash(token), purpose, this.clock.now())) ?? notValid();
  }

  /**
   * Consumes a token from a mail, in the transaction of the action that it allows.
   *
   * @throws DomainError `token_not_valid` when it is unknown, used or expired
   * @example const { userId, email } = await mails.use(token, 'verify_email');
   */
  async use(token: string, purpose: ActionPurpose): Promise<ActionToken> {
    const action = await this.find(token, purpose);
    if (!(await this.repository.useToken(secretHash(token), this.clock.now()))) notValid();
    return action;
  }

  /** Voids every unused token of a user. Needs a transaction. @example await mails.voidTokens(user.id); */
  voidTokens(userId: string): Promise<void> {
    return this.repository.voidTokens(userId, this.clock.now());
  }

  /** Erases mails, deliveries and tokens of a user. Needs a transaction. @example await mails.erase(user); */
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
      const token = action && (await this.generateToken(action, recipient));
      // The account was deleted meanwhile.
      if (action && token === null) return null;
      return {
        to: recipient.address,
        ...composeMail(mail.kind, { token, accountUrl: this.config.accountUrl, language: recipient.user.language }),
      };
    });
  }

  /** The user and the address to write to; null when there is no recipient, or the mail has no purpose any more. */
  private async recipientOf({ kind, email, userId }: AccountMail): Promise<{ user: User; address: string } | null> {
    const owner = await this.users.findByEmail(email);
    // To the spelling that the owner gave, never to the one of the request.
    if (kind === 'reset_password')
      return owner?.active && owner.passwordHash ? { user: owner, address: owner.email } : null;
    const user = userId && (await this.users.findById(userId));
    if (!user || !user.active) return null;
    if (kind === 'verify_email' && (owner?.id !== user.id || user.emailVerifiedAt)) return null;
    if (kind === 'change_email' && owner && owner.id !== user.id) return null;
    return { user, address: email };
  }

  /** Generates a token and stores its hash. @returns null when the account was deleted */
  private async generateToken(
    { purpose, hours }: MailedAction,
    { user, address }: { user: User; address: string },
  ): Promise<string | null> {
    const token = randomBytes(32).toString('base64url');
    const createdAt = this.clock.now();
    const expiresAt = new Date(createdAt.getTime() + hours * HOUR_MS);
    const stored = await this.database.transaction(() =>
      this.repository.insertToken(secretHash(token), {
        userId: user.id,
        purpose,
        email: address,
        expiresAt,
        createdAt,
      }),
    );
    return stored ? token : null;
  }
}

function notValid(): never {
  throw new DomainError('invalid', 'token_not_valid', 'The token is unknown, used or expired; request a new mail.', {
    errors: [{ field: 'token', message: 'is unknown, used or expired' }],
  });
}
