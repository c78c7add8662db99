import { Injectable, type OnModuleInit } from '@nestjs/common';
import { CustomersService } from '@app/customers';
import { DeliveriesService, MAIL_DESTINATION } from '@app/deliveries';
import { Clock, DomainError, newId, type Page, type PageRequest, toPage } from '@app/kernel';
import { EventPublisher, type PublishedEvent } from '@app/events';
import { Database } from '@app/platform';
import { type User, UsersService } from '@app/users';
import { factsOf, isMailed, kindOf, type NotificationKind } from './domain/notification.js';
import { type Text, worded } from './domain/wording.js';
import { type Notification, NotificationsRepository } from './notifications.repository.js';

const KEPT_MS = 90 * 86_400_000;
/** More are not counted: nobody tells 1,000 from 2,000. */
const MAX_COUNTED = 1_000;

/** A notification in its reader's words. */
export interface RenderedNotification extends Text {
  id: string;
  kind: NotificationKind;
  eventId: string;
  readAt: Date | null;
  createdAt: Date;
}

/** Tells people what happened to what is theirs: in the application, and by mail. */
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
    this.publisher.subscribe((events) => this.follow(events));
  }

  /** Newest first, in the reader's language and zone. */
  async list(
    userId: string,
    page: PageRequest,
    { unreadOnly }: { unreadOnly: boolean },
  ): Promise<Page<RenderedNotification>> {
    const { data, hasMore } = toPage(await this.notifications.list(userId, page, unreadOnly), page.limit);
    const user = await this.users.getById(userId);
    const { timezone } = await this.customers.getById(user.customerId);
    return { data: data.map((notification) => render(notification, user, timezone)), hasMore };
  }

  /** 1,000 at most. */
  countUnread(userId: string): Promise<number> {
    return this.notifications.countUnread(userId, MAX_COUNTED);
  }

  /** Once read, it stays so. @throws DomainError `notification_not_found` */
  async markRead(userId: string, id: string): Promise<void> {
    const read = await this.database.transaction(() => this.notifications.markRead(userId, id, this.clock.now()));
    if (!read) throw new DomainError('not_found', 'notification_not_found', 'There is no such notification.');
  }

  async markAllRead(userId: string): Promise<void> {
    await this.database.transaction(() => this.notifications.markAllRead(userId, this.clock.now()));
  }

  /** Needs a transaction. */
  async erase(userId: string): Promise<void> {
    await this.deliveries.deleteMessages('mail', await this.notifications.erase(userId));
  }

  /** Removes a batch of what is three months old. @returns how many went */
  purge(): Promise<number> {
    return this.database.transaction(() => this.notifications.purge(new Date(this.clock.now().getTime() - KEPT_MS)));
  }

  /** Writes down who is told what, and has it mailed where it should be. */
  private async follow(events: PublishedEvent[]): Promise<void> {
    const news = events.flatMap((event) => {
      const kind = kindOf(event);
      return kind ? [{ event, kind }] : [];
    });
    const byCustomer = new Map(
      (await this.users.findByCustomers([...new Set(news.flatMap(({ event }) => event.customerId ?? []))])).map(
        (user) => [user.customerId, user],
      ),
    );
    const byId = new Map(
      (await this.users.findByIds([...new Set(news.flatMap(({ event }) => ownerOf(event) ?? []))])).map((user) => [
        user.id,
        user,
      ]),
    );
    const createdAt = this.clock.now();
    const notifications = news.flatMap(({ event, kind }): Notification[] => {
      const user = byId.get(ownerOf(event) ?? '') ?? byCustomer.get(event.customerId ?? '');
      return user
        ? [{ id: newId(), userId: user.id, eventId: event.id, kind, facts: factsOf(event), readAt: null, createdAt }]
        : [];
    });
    if (notifications.length === 0) return;
    await this.notifications.insert(notifications);
    const mailed = notifications.filter(({ kind, facts }) => isMailed(kind, facts));
    await this.deliveries.enqueue(
      mailed.map(({ id, kind }) => ({ channel: 'mail' as const, destination: MAIL_DESTINATION, messageId: id, type: kind })),
    );
  }
}

/** Who made what the event is about, where that is who is told. */
const ownerOf = ({ type, after }: PublishedEvent): string | null =>
  type === 'webhook_endpoint.disabled' ? ((after?.['ownerUserId'] as string | null) ?? null) : null;

function render(
  { id, kind, eventId, facts, readAt, createdAt }: Notification,
  { language }: User,
  zone: string,
): RenderedNotification {
  return { id, kind, eventId, ...worded(kind, facts, { language, zone }), readAt, createdAt };
}
