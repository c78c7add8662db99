import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Mailbox, NotificationsService } from '@app/notifications';
import { Allow } from '../http/access/allow.decorator.js';
import { EmptyDto } from '../http/input/empty.dto.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { Pages } from '../http/pagination/pages.js';
import { NotificationDto, NotificationPageDto, NotificationQueryDto, UnreadCountDto } from './dto/notification.dto.js';
import { OwnMailbox } from './own-mailbox.decorator.js';

@ApiTags('Notifications')
@ApiCredentials()
@Controller('v1/users/me/notifications')
export class NotificationsController {
  constructor(
    private readonly notifications: NotificationsService,
    private readonly pages: Pages,
  ) {}

  /**
   * Returns texts in the language and time zone of the user, for a bell or an inbox: changes of the subscription,
   * upcoming dates, failed payments and reached limits.
   */
  @Get()
  @Allow({ users: 'user', portal: true })
  @ApiOperation({
    operationId: 'listNotifications',
    summary: 'List your notifications, newest first; kept for 90 days',
  })
  async list(@Query() query: NotificationQueryDto, @OwnMailbox() mailbox: Mailbox): Promise<NotificationPageDto> {
    const unreadOnly = query.unread === 'true';
    const binding = { notificationsOf: mailbox.userId, product: mailbox.product, unreadOnly };
    return this.pages.answer(
      await this.notifications.list(mailbox, this.pages.request(query, binding), { unreadOnly }),
      binding,
      NotificationDto.of,
    );
  }

  /** Returns the number for a badge. It counts up to 1,000; show that as "1,000 or more". */
  @Get('unread-count')
  @Allow({ users: 'user', portal: true })
  @ApiOperation({ operationId: 'countUnreadNotifications', summary: 'Count your unread notifications' })
  async unread(@OwnMailbox() mailbox: Mailbox): Promise<UnreadCountDto> {
    return { unread: await this.notifications.countUnread(mailbox) };
  }

  /** Use it when the user opens the list. Repeating it changes nothing. */
  @Post('read')
  @HttpCode(204)
  @Allow({ users: 'user', portal: true })
  @ApiOperation({ operationId: 'readAllNotifications', summary: 'Mark all notifications as read' })
  async readAll(@Body() _: EmptyDto, @OwnMailbox() mailbox: Mailbox): Promise<void> {
    await this.notifications.markAllRead(mailbox);
  }

  /**
   * Repeating it changes nothing. Error: 404 `notification_not_found` for an absent notification and for those of
   * other users.
   */
  @Post(':id/read')
  @HttpCode(204)
  @Allow({ users: 'user', portal: true })
  @ApiOperation({ operationId: 'readNotification', summary: 'Mark a notification as read' })
  @ApiProblems(404)
  async read(@UuidParam('id') id: string, @Body() _: EmptyDto, @OwnMailbox() mailbox: Mailbox): Promise<void> {
    await this.notifications.markRead(mailbox, id);
  }
}
