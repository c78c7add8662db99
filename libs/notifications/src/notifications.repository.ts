import { Injectable } from '@nestjs/common';
import type { PageRequest } from '@app/kernel';
import { arrayLiteral, type ArrayItem, Database } from '@app/platform';
import type { Facts, NotificationKind } from './domain/notification.js';

/** A notification as stored: the text is rendered when it is read. */
export interface Notification {
  id: string;
  userId: string;
  eventId: string;
  kind: NotificationKind;
  facts: Facts;
  readAt: Date | null;
  createdAt: Date;
}

/** The notifications of a user: of one product, or all. */
export interface Mailbox {
  userId: string;
  /** Key of the product. Left out or null: all notifications. */
  product?: string | null;
}

/** $1: the user, $2: the product. */
const IN_MAILBOX = `user_id = $1 and ($2::text is null or facts ->> 'product' = $2)`;

const COLUMNS =
  'id, user_id as "userId", event_id as "eventId", type as kind, facts, read_at as "readAt", created_at as "createdAt"';

/** SQL of `notifications`. */
@Injectable()
export class NotificationsRepository {
  constructor(private readonly database: Database) {}

  async insert(notifications: Notification[]): Promise<void> {
    const column = (read: (one: Notification) => ArrayItem): string => arrayLiteral(notifications.map(read));
    await this.database.write(
      `insert into notifications (user_id, id, event_id, type, facts, created_at)
       select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::jsonb[], $6::timestamptz[])`,
      [
        column(({ userId }) => userId),
        column(({ id }) => id),
        column(({ eventId }) => eventId),
        column(({ kind }) => kind),
        column(({ facts }) => facts),
        column(({ createdAt }) => createdAt),
      ],
    );
  }

  findAll(ids: string[]): Promise<Notification[]> {
    return this.database.query<Notification>(`select ${COLUMNS} from notifications where id = any($1::uuid[])`, [
      arrayLiteral(ids),
    ]);
  }

  /** Lists notifications, newest first. */
  list({ userId, product = null }: Mailbox, page: PageRequest, unreadOnly: boolean): Promise<Notification[]> {
    return this.database.query<Notification>(
      `select ${COLUMNS} from notifications where ${IN_MAILBOX} and ($3::uuid is null or id < $3) and (not $4 or read_at is null) order by id desc limit $5`,
      [userId, product, page.after, unreadOnly, page.limit + 1],
    );
  }

  async countUnread({ userId, product = null }: Mailbox, max: number): Promise<number> {
    const [row] = await this.database.query<{ count: number }>(
      `select count(*)::int as count from (select 1 from notifications where ${IN_MAILBOX} and read_at is null limit $3) u`,
      [userId, product, max],
    );
    return row!.count;
  }

  /** Sets `readAt` the first time. @returns null when the notification does not exist */
  async markRead({ userId, product = null }: Mailbox, id: string, now: Date): Promise<Notification | null> {
    const [row] = await this.database.write<Notification>(
      `update notifications set read_at = coalesce(read_at, $4) where ${IN_MAILBOX} and id = $3 returning ${COLUMNS}`,
      [userId, product, id, now],
    );
    return row ?? null;
  }

  async markAllRead({ userId, product = null }: Mailbox, now: Date): Promise<void> {
    await this.database.write(`update notifications set read_at = $3 where ${IN_MAILBOX} and read_at is null`, [
      userId,
      product,
      now,
    ]);
  }

  async erase(userId: string): Promise<string[]> {
    const rows = await this.database.write<{ id: string }>(
      'delete from notifications where user_id = $1 returning id',
      [userId],
    );
    return rows.map(({ id }) => id);
  }

  /** Deletes a batch of notifications created before an instant. @returns the number of rows deleted */
  purge(before: Date): Promise<number> {
    return this.database.deleteBatch('notifications', 'user_id, id', 'created_at < $1 order by created_at', [before]);
  }
}
