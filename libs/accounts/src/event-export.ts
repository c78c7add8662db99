import { Injectable } from '@nestjs/common';
import { Events, type RecordedEvent, SecurityLog, type StoredSecurityEvent } from '@app/events';
import { allRows, toPage } from '@app/kernel';

/** One event of a subject. `subscriptionId`: null for events of the user and the customer. */
export type EventRecord =
  | { kind: 'event'; event: RecordedEvent; subscriptionId: string | null }
  | { kind: 'security_event'; securityEvent: StoredSecurityEvent };

/** Events and security events of a subject, a page at a time. */
@Injectable()
export class EventExport {
  constructor(
    private readonly events: Events,
    private readonly securityLog: SecurityLog,
  ) {}

  /** Events of a user or a customer, then its security events, each oldest first. */
  async *of(subjectId: string): AsyncGenerator<EventRecord> {
    for await (const event of allRows(async (page) => toPage(await this.events.listOf(subjectId, page), page.limit)))
      yield { kind: 'event', event, subscriptionId: null };
    for await (const securityEvent of allRows((page) => this.securityLog.listOf(subjectId, page)))
      yield { kind: 'security_event', securityEvent };
  }
}
