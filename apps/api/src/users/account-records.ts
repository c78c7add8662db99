import { Injectable } from '@nestjs/common';
import type { Customer } from '@app/customers';
import { GrantsService } from '@app/entitlements';
import { type Page, type PageRequest, toPage } from '@app/kernel';
import { UsageRecordsRepository } from '@app/metering';
import { NotificationsService } from '@app/notifications';
import { Events } from '@app/events';
import { SubscriptionsService } from '@app/subscriptions';
import { WebhookEndpointsService } from '@app/webhooks';
import { GrantDto } from '../grants/dto/grant.dto.js';
import { NotificationDto } from '../notifications/dto/notification.dto.js';
import { StoredLineDto } from '../subscriptions/dto/preview.dto.js';
import { SubscriptionPresenter } from '../subscriptions/subscription-presenter.js';
import { WebhookEndpointDto } from '../webhooks/dto/webhook-endpoint.dto.js';

const PAGE = 500;

/** One line of an export. */
export type ExportLine = { kind: string } & Record<string, unknown>;

/** What is kept of a customer: contracts with what happened to them and what they cost, grants, usage. */
@Injectable()
export class AccountRecords {
  constructor(
    private readonly subscriptions: SubscriptionsService,
    private readonly presenter: SubscriptionPresenter,
    private readonly grants: GrantsService,
    private readonly usage: UsageRecordsRepository,
    private readonly notifications: NotificationsService,
    private readonly endpoints: WebhookEndpointsService,
    private readonly events: Events,
  ) {}

  async *of(customer: Customer, userId: string): AsyncGenerator<ExportLine> {
    for (const subject of [userId, customer.id]) {
      for await (const event of pagesOf(async (page) => toPage(await this.events.listOf(subject, page), page.limit)))
        yield { kind: 'event', ...event };
    }
    // Of all products, those too that are no longer sold.
    for await (const subscription of pagesOf((page) => this.subscriptions.history(customer.id, page, {}))) {
      yield { kind: 'subscription', ...(await this.presenter.one(subscription, customer)) };
      for await (const line of pagesOf((page) => this.subscriptions.prorationLines(subscription.id, page)))
        yield { kind: 'line', subscription: subscription.id, line: StoredLineDto.of(line) };
      for await (const event of pagesOf((page) => this.subscriptions.timeline(subscription.id, page)))
        yield { kind: 'event', subscription: subscription.id, ...event };
    }
    for await (const grant of pagesOf((page) => this.grants.listAll(customer, page)))
      yield { kind: 'grant', ...GrantDto.of(grant) };
    for await (const notification of pagesOf((page) => this.notifications.list(userId, page, { unreadOnly: false }))) {
      const { kind: about, ...told } = NotificationDto.of(notification);
      yield { kind: 'notification', about, ...told };
    }
    for await (const endpoint of pagesOf((page) =>
      this.endpoints.list(page, { productId: null, customerId: customer.id }),
    ))
      yield { kind: 'webhook_endpoint', ...WebhookEndpointDto.of(endpoint, { product: null, customer: customer.key }) };
    for await (const line of pagesOf((page) => this.usage.list(customer.id, page))) yield { kind: 'usage', ...line };
  }
}

/** Every row of a list, a page at a time. */
export async function* pagesOf<T extends { id: string }>(
  read: (page: PageRequest) => Promise<Page<T>>,
): AsyncGenerator<T> {
  for (let after: string | null = null; ;) {
    const { data, hasMore }: Page<T> = await read({ limit: PAGE, after });
    yield* data;
    const last = data.at(-1);
    if (!hasMore || !last) return;
    after = last.id;
  }
}
