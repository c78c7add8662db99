import { IsIn, IsOptional } from 'class-validator';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { NOTIFICATION_KINDS, type NotificationKind, type RenderedNotification } from '@app/notifications';
import { ListQuery } from '../../http/pagination/list.query.js';

export class NotificationQueryDto extends ListQuery {
  @ApiPropertyOptional({
    enum: ['true', 'false'],
    description: '`true` returns unread notifications only.',
    example: 'true',
  })
  @IsOptional()
  @IsIn(['true', 'false'])
  unread?: 'true' | 'false';
}

/** A notification in the language and time zone of the user. */
export class NotificationDto {
  id: string;
  @ApiProperty({ enum: NOTIFICATION_KINDS })
  kind: NotificationKind;
  title: string;
  text: string;
  /** Id of the event. */
  event: string;
  readAt: Date | null;
  createdAt: Date;

  static of({ id, kind, title, text, eventId, readAt, createdAt }: RenderedNotification): NotificationDto {
    return { id, kind, title, text, event: eventId, readAt, createdAt };
  }
}

export class NotificationPageDto {
  data: NotificationDto[];
  hasMore: boolean;
  nextCursor: string | null;
}

export class UnreadCountDto {
  /** Number of unread notifications, at most 1,000. */
  unread: number;
}
