import { Injectable, type OnModuleInit } from '@nestjs/common';
import { CustomersService } from '@app/customers';
import { type Channel, type Delivery, Dispatcher, type Outcome } from '@app/deliveries';
import { Config, Mailer, type OutgoingMail } from '@app/platform';
import { type User, UsersService } from '@app/users';
import { type NotificationKind, topicOf } from './domain/notification.js';
import { worded } from './domain/wording.js';
import { type Notification, NotificationsRepository } from './notifications.repository.js';

/** Sends notifications by mail to users who want it. */
@Injectable()
export class NotificationMail implements Channel, OnModuleInit {
  constructor(
    private readonly notifications: NotificationsRepository,
    private readonly users: UsersService,
    private readonly customers: CustomersService,
    private readonly dispatcher: Dispatcher,
    private readonly mailer: Mailer,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.dispatcher.register('mail', this);
  }

  /** Composes each mail at the time of its attempt, so that preferences and language are current. */
  async prepare(deliveries: Delivery[]): Promise<(() => Promise<Outcome>)[]> {
    const found = new Map(
      (await this.notifications.findAll(deliveries.map(({ messageId }) => messageId))).map((notification) => [
        notification.id,
        notification,
      ]),
    );
    return deliveries.map(
      ({ id, messageId }) =>
        () =>
          this.mailer.attempt(() => this.compose(found.get(messageId), id)),
    );
  }

  /** The mail; null when the user no longer exists or does not want it. */
  private async compose(notification: Notification | undefined, deliveryId: string): Promise<OutgoingMail | null> {
    const user = notification && (await this.users.findById(notification.userId));
    if (!user || !wantsMail(user, notification.kind)) return null;
    const { timezone } = await this.customers.getById(user.customerId);
    const { title, text } = worded(notification.kind, notification.facts, { language: user.language, zone: timezone });
    const { hostname } = new URL(this.config.accountUrl ?? 'http://localhost');
    return { to: user.email, subject: title, text: `${text}\n`, messageId: `<${deliveryId}@${hostname}>` };
  }
}

/** Only verified addresses receive mail, and only about topics that the user has not muted. */
const wantsMail = ({ active, emailVerifiedAt, mailEnabled, mutedMails }: User, kind: NotificationKind): boolean =>
  active && emailVerifiedAt !== null && mailEnabled && !mutedMails.includes(topicOf(kind));
