import { Injectable } from '@nestjs/common';
import type { Customer } from '@app/customers';
import { allRows, Clock } from '@app/kernel';
import { NotificationsService, type RenderedNotification } from '@app/notifications';
import { type EndpointState, WebhookEndpointsService } from '@app/webhooks';
import { type CredentialRecord, CredentialsExport } from './credentials-export.js';
import { CustomerExport, type CustomerRecord } from './customer-export.js';
import { EventExport } from './event-export.js';
import { ProfileService } from './profile.service.js';
import type { OwnProfile } from './profiles.repository.js';

/** One record of an export. */
export type AccountRecord =
  | { kind: 'account'; exportedAt: Date; profile: OwnProfile }
  | { kind: 'notification'; notification: RenderedNotification }
  | { kind: 'webhook_endpoint'; endpoint: EndpointState; customer: Customer }
  | CredentialRecord
  | CustomerRecord;

/** Export of all data that is stored about a user and its customer. */
@Injectable()
export class AccountExportService {
  constructor(
    private readonly profiles: ProfileService,
    private readonly credentials: CredentialsExport,
    private readonly notifications: NotificationsService,
    private readonly endpoints: WebhookEndpointsService,
    private readonly events: EventExport,
    private readonly customerData: CustomerExport,
    private readonly clock: Clock,
  ) {}

  /**
   * Everything that is stored about a user, read a page at a time: memory stays flat for any amount of data.
   *
   * @throws DomainError `user_not_found`
   * @example for await (const record of accountExport.records(userId)) file.write(`${JSON.stringify(record)}\n`);
   */
  async *records(userId: string): AsyncGenerator<AccountRecord> {
    const { customer } = await this.profiles.get(userId);
    yield { kind: 'account', exportedAt: this.clock.now(), profile: await this.profiles.getOwn(userId) };
    yield* this.credentials.of(userId);
    yield* this.events.of(userId);
    yield* this.events.of(customer.id);
    yield* this.customerData.subscriptions(customer);
    yield* this.customerData.grants(customer);
    yield* this.customerData.billing(customer);
    yield* this.messages(userId, customer);
    yield* this.customerData.usage(customer);
  }

  private async *messages(userId: string, customer: Customer): AsyncGenerator<AccountRecord> {
    for await (const notification of allRows((page) =>
      this.notifications.list({ userId }, page, { unreadOnly: false }),
    ))
      yield { kind: 'notification', notification };
    const ofCustomer = { productId: null, customerId: customer.id };
    for await (const endpoint of allRows((page) => this.endpoints.list(page, ofCustomer)))
      yield { kind: 'webhook_endpoint', endpoint, customer };
  }
}
