import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DeliveriesService, MAIL_DESTINATION } from '@app/deliveries';
import { EventPublisher, type PublishedEvent } from '@app/events';
import { mailOf } from '../domain/billing-mail.js';

/**
 * Enqueues the mails of events, in the transaction that publishes them: one mail for each event. The invoice and the
 * credit note are sent by the job that makes their documents.
 */
@Injectable()
export class BillingMails implements OnModuleInit {
  constructor(
    private readonly publisher: EventPublisher,
    private readonly deliveries: DeliveriesService,
  ) {}

  onModuleInit(): void {
    this.publisher.subscribe((events) => this.enqueue(events));
  }

  private enqueue(events: PublishedEvent[]): Promise<void> {
    return this.deliveries.enqueue(
      events.flatMap((event) => {
        const kind = mailOf(event);
        return kind
          ? [{ channel: 'billing_mail' as const, destination: MAIL_DESTINATION, messageId: event.id, type: kind }]
          : [];
      }),
    );
  }
}
