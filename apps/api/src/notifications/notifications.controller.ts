import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { UserPrincipal } from '@app/auth';
import { NotificationsService } from '@app/notifications';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { EmptyDto } from '../http/input/empty.dto.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { Pages } from '../http/pagination/pages.js';
import { NotificationDto, NotificationPageDto, NotificationQueryDto, UnreadCountDto } from './dto/notification.dto.js';

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
  @Allow({ users: 'user' })
  @ApiOperation({
    operationId: 'listNotifications',
    summary: 'List your notifications, newest first; kept for 90 days',
  })
  async list(
    @Query() query: NotificationQueryDto,
    @CurrentPrincipal() { userId }: UserPrincipal,
  ): Promise<NotificationPageDto> {
    const unreadOnly = query.unread === 'true';
    const binding = { notificationsOf: userId, unreadOnly };
    return this.pages.answer(
      await this.notifications.list(userId, this.pages.request(query, binding), { unreadOnly }),
      binding,
      NotificationDto.of,
    );
  }

  /** Returns the number for a badge. It counts up to 1,000; show that as "1,000 or more". */
  @Get('unread-count')
  @Allow({ users: 'user' })
  @ApiOperation({ operationId: 'countUnreadNotifications', summary: 'Count your unread notifications' })
  async unread(@CurrentPrincipal() { userId }: UserPrincipal): Promise<UnreadCountDto> {
    return { unread: await this.notifications.countUnread(userId) };
  }

  /** Use it when the user opens the list. Repeating it changes nothing. */
  @Post('read')
  @HttpCode(204)
  @Allow({ users: 'user' })
  @ApiOperation({ operationId: 'readAllNotifications', summary: 'Mark all notifications as read' })
  async readAll(@Body() _: EmptyDto, @CurrentPrincipal() { userId }: UserPrincipal): Promise<void> {
    await this.notifications.markAllRead(userId);
  }

  /**
   * Repeating it changes nothing. Error: 404 `notification_not_found` for an absent notification and for those of
   * other users.
   */
  @Post(':id/read')
  @HttpCode(204)
  @Allow({ users: 'user' })
  @ApiOperation({ operationId: 'readNotification', summary: 'Mark a notification as read' })
  @ApiProblems(404)
  async read(
    @UuidParam('id') id: string,
    @Body() _: EmptyDto,
    @CurrentPrincipal() { userId }: UserPrincipal,
  ): Promise<void> {
    await this.notifications.markRead(userId, id);
  }
}
