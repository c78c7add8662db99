import { Injectable, type OnModuleInit } from '@nestjs/common';
import { CustomersService } from '@app/customers';
import { DeliveriesService, MAIL_DESTINATION } from '@app/deliveries';
import { Clock, newId, notFound, type Page, type PageRequest, toPage } from '@app/kernel';
import { EventPublisher, type PublishedEvent } from '@app/events';
import { Database } from '@app/platform';
import { type User, UsersService } from '@app/users';
import { factsOf, isMailed, kindOf, type NotificationKind } from './domain/notification.js';
import { type Text, worded } from './domain/wording.js';
import { type Mailbox, type Notification, NotificationsRepository } from './notifications.repository.js';

/** Retention of notifications. Milliseconds. */
const KEPT_MS = 90 * 86_400_000;
/** Upper bound of the unread count: no interface shows more. */
const MAX_COUNTED = 1_000;

/** A notification in the language and time zone of its user. */
export interface RenderedNotification extends Text {
  id: string;
  kind: NotificationKind;
  eventId: string;
  readAt: Date | null;
  createdAt: Date;
}

/** Notifies users of events on their own subscriptions, usage and endpoints, in the application and by mail. */
@Injectable()
export class NotificationsService implements OnModuleInit {
  constructor(
    private readonly notifications: NotificationsRepository,
    private readonly users: UsersService,
    private readonly customers: CustomersService,
    private readonly deliveries: DeliveriesService,
    private readonly publisher: EventPublisher,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.publisher.subscribe((events) => this.notify(events));
  }

  /**
   * Lists notifications, newest first, in the language and time zone of the user.
   * @example
   * const { data } = await notifications.list({ userId }, { limit: 20, after: null }, { unreadOnly: true });
   */
  async list(
    mailbox: Mailbox,
    page: PageRequest,
    { unreadOnly }: { unreadOnly: boolean },
  ): Promise<Page<RenderedNotification>> {
    const { data, hasMore } = toPage(await this.notifications.list(mailbox, page, unreadOnly), page.limit);
    if (data.length === 0) return { data: [], hasMore };
    const user = await this.users.getById(mailbox.userId);
    const { timezone } = await this.customers.getById(user.customerId);
    return { data: data.map((notification) => render(notification, user, timezone)), hasMore };
  }

  /** Counts unread notifications, up to 1,000. */
  countUnread(mailbox: Mailbox): Promise<number> {
    return this.notifications.countUnread(mailbox, MAX_COUNTED);
  }

  /**
   * Marks a notification as read; repeating it changes nothing.
   * @throws DomainError `notification_not_found`
   * @example
   * await notifications.markRead({ userId }, notificationId);
   */
  async markRead(mailbox: Mailbox, id: string): Promise<void> {
    const read = await this.database.transaction(() => this.notifications.markRead(mailbox, id, this.clock.now()));
    if (!read) throw notFound('notification');
  }

  /** Marks all notifications as read. */
  async markAllRead(mailbox: Mailbox): Promise<void> {
    await this.database.transaction(() => this.notifications.markAllRead(mailbox, this.clock.now()));
  }

  /** Deletes the notifications of a user and their pending mails. Needs a transaction. */
  async erase(userId: string): Promise<void> {
    await this.deliveries.deleteMessages('mail', await this.notifications.erase(userId));
  }

  /** Deletes a batch of notifications older than 90 days. @returns the number of rows deleted */
  purge(): Promise<number> {
    return this.database.transaction(() => this.notifications.purge(new Date(this.clock.now().getTime() - KEPT_MS)));
  }

  /** Stores one notification per event and user, and enqueues the mails, in the publishing transaction. */
  private async notify(events: PublishedEvent[]): Promise<void> {
    const notable = events.flatMap((event) => {
      const kind = kindOf(event);
      return kind ? [{ event, kind }] : [];
    });
    const byCustomer = new Map(
      (await this.users.findByCustomers([...new Set(notable.flatMap(({ event }) => event.customerId ?? []))])).map(
        (user) => [user.customerId, user],
      ),
    );
    const byId = new Map(
      (await this.users.findByIds([...new Set(notable.flatMap(({ event }) => ownerOf(event) ?? []))])).map((user) => [
        user.id,
        user,
      ]),
    );
    const createdAt = this.clock.now();
    const notifications = notable.flatMap(({ event, kind }): Notification[] => {
      const user = byId.get(ownerOf(event) ?? '') ?? byCustomer.get(event.customerId ?? '');
      return user
        ? [{ id: newId(), userId: user.id, eventId: event.id, kind, facts: factsOf(event), readAt: null, createdAt }]
        : [];
    });
    if (notifications.length === 0) return;
    await this.notifications.insert(notifications);
    const mailed = notifications.filter(({ kind, facts }) => isMailed(kind, facts));
    await this.deliveries.enqueue(
      mailed.map(({ id, kind }) => ({
        channel: 'mail' as const,
        destination: MAIL_DESTINATION,
        messageId: id,
        type: kind,
      })),
    );
  }
}

/** The user who owns the endpoint of the event; null when the customer's user is notified. */
const ownerOf = (event: PublishedEvent): string | null =>
  event.type === 'webhook_endpoint.disabled' ? ((event.after?.['ownerUserId'] as string | null) ?? null) : null;

function render(
  { id, kind, eventId, facts, readAt, createdAt }: Notification,
  { language }: User,
  zone: string,
): RenderedNotification {
  return { id, kind, eventId, ...worded(kind, facts, { language, zone }), readAt, createdAt };
}
