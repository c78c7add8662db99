import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { AccountExportService, type AccountRecord } from '@app/accounts';
import type { UserPrincipal } from '@app/auth';
import { BillingProfileDto } from '../billing-profiles/dto/billing-profile.dto.js';
import { CouponRedemptionDto } from '../coupons/dto/coupon-redemption.dto.js';
import { GrantDto } from '../grants/dto/grant.dto.js';
import { ConcurrencyLimit } from '../http/streaming/concurrency-limit.js';
import { NotificationDto } from '../notifications/dto/notification.dto.js';
import { StoredLineDto } from '../subscriptions/dto/preview.dto.js';
import { TimelineEntryDto } from '../subscriptions/dto/subscription.dto.js';
import { SubscriptionPresenter } from '../subscriptions/subscription-presenter.js';
import { WebhookEndpointDto } from '../webhooks/dto/webhook-endpoint.dto.js';
import { UserPresenter } from './user-presenter.js';

/** Exports of one user that one instance runs concurrently: each reads everything that is stored about the user. */
const MAX_CONCURRENT = 2;

type ExportLine = { kind: string } & Record<string, unknown>;

/** Exports an account as NDJSON, in the shapes of the API. The last line is `{"kind":"end","whole":true}`. */
@Injectable()
export class ExportAccountOperation {
  private readonly running = new ConcurrencyLimit(MAX_CONCURRENT, 'exports');

  constructor(
    private readonly accountExport: AccountExportService,
    private readonly users: UserPresenter,
    private readonly subscriptions: SubscriptionPresenter,
  ) {}

  /** @throws DomainError `too_many_at_once` when the user has two exports running */
  stream({ userId }: UserPrincipal): Readable {
    return this.running.run(userId, () => Readable.from(this.lines(userId), { objectMode: false }));
  }

  private async *lines(userId: string): AsyncGenerator<string> {
    for await (const record of this.accountExport.records(userId)) yield toNdjson(await this.lineOf(record));
    yield toNdjson({ kind: 'end', whole: true });
  }

  private async lineOf(record: AccountRecord): Promise<ExportLine> {
    const { kind } = record;
    switch (kind) {
      case 'account':
        return { kind, exportedAt: record.exportedAt, ...(await this.users.me(record.profile)) };
      case 'session':
        return { kind, ...record.session };
      case 'second_factor':
        return { kind, ...record.secondFactor };
      case 'identity':
        return { kind, ...record.identity };
      case 'api_key':
        return { kind, ...record.apiKey };
      case 'subscription':
        return { kind, ...(await this.subscriptions.one(record.subscription, record.customer)) };
      case 'proration_line':
        return { kind: 'line', subscription: record.subscriptionId, line: StoredLineDto.of(record.line) };
      case 'coupon_redemption':
        return { kind, ...CouponRedemptionDto.of(record.redemption) };
      case 'billing_profile':
        return { kind, ...BillingProfileDto.of(record.profile) };
      case 'event':
        return {
          kind,
          ...(record.subscriptionId && { subscription: record.subscriptionId }),
          ...TimelineEntryDto.of(record.event),
        };
      case 'security_event':
        return { kind, ...record.securityEvent };
      case 'grant':
        return { kind, ...GrantDto.of(record.grant) };
      case 'notification': {
        const { kind: about, ...notification } = NotificationDto.of(record.notification);
        return { kind, about, ...notification };
      }
      case 'webhook_endpoint':
        return { kind, ...WebhookEndpointDto.of(record.endpoint, { product: null, customer: record.customer.key }) };
      case 'usage':
        return { kind, ...record.usage };
    }
  }
}

const toNdjson = (line: ExportLine): string => `${JSON.stringify(line)}\n`;
