import { IsIn, IsOptional } from 'class-validator';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { NOTIFICATION_KINDS, type NotificationKind, type RenderedNotification } from '@app/notifications';
import { ListQuery } from '../../http/pagination/list.query.js';

export class NotificationQueryDto extends ListQuery {
  @ApiPropertyOptional({ enum: ['true', 'false'], description: 'true: only those that are not read.' })
  @IsOptional()
  @IsIn(['true', 'false'])
  unread?: 'true' | 'false';
}

/** Something that a person is told, in their language and zone. */
export class NotificationDto {
  id: string;
  @ApiProperty({ enum: NOTIFICATION_KINDS })
  kind: NotificationKind;
  title: string;
  text: string;
  /** Id of the event that it is about. */
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
  /** 1,000 at most. */
  unread: number;
}
