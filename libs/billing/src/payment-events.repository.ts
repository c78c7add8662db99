import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { ProviderName } from './domain/payment.js';
import type { ProviderEvent } from './payment-provider.js';

/** An inbound event of a provider, as it was received. */
export interface PaymentEvent extends Pick<ProviderEvent, 'id' | 'type'> {
  provider: ProviderName;
  event: Pick<ProviderEvent, 'own' | 'about'>;
  /** Attempts to process it, this one included. */
  attempts: number;
}

/** Why an event is done. `failed`: given up after the last attempt. */
export type PaymentEventOutcome = 'applied' | 'unchanged' | 'ignored' | 'foreign' | 'unknown' | 'failed';

/** SQL of inbound payment events. */
@Injectable()
export class PaymentEventsRepository {
  constructor(private readonly database: Database) {}

  /** Stores an event once. @returns false when it is stored already */
  async insert(
    provider: ProviderName,
    { id, type, own, about }: ProviderEvent,
    { body, receivedAt, dueAt }: { body: string; receivedAt: Date; dueAt: Date },
  ): Promise<boolean> {
    const rows = await this.database.write(
      `insert into payment_events (provider, event_id, type, event, body, received_at, retry_at)
       values ($1, $2, $3, $4, $5, $6, $7) on conflict (provider, event_id) do nothing returning event_id`,
      [provider, id, type, JSON.stringify({ own, about }), body, receivedAt, dueAt],
    );
    return rows.length > 0;
  }

  /** Leases due events until `leasedUntil`: an event whose worker dies is due again after that. */
  claim(now: Date, leasedUntil: Date, limit: number): Promise<PaymentEvent[]> {
    return this.database.write<PaymentEvent>(
      `update payment_events set attempts = attempts + 1, retry_at = $2
       where (provider, event_id) in (
         select provider, event_id from payment_events where processed_at is null and retry_at <= $1
         order by retry_at limit $3 for update skip locked)
       returning provider, event_id as id, type, event, attempts`,
      [now, leasedUntil, limit],
    );
  }

  async finish({ provider, id }: PaymentEvent, outcome: PaymentEventOutcome, now: Date): Promise<void> {
    await this.database.write(
      `update payment_events set processed_at = $3, outcome = $4, retry_at = null
       where provider = $1 and event_id = $2 and processed_at is null`,
      [provider, id, now, outcome],
    );
  }

  async retryAt({ provider, id }: PaymentEvent, at: Date): Promise<void> {
    await this.database.write(
      'update payment_events set retry_at = $3 where provider = $1 and event_id = $2 and processed_at is null',
      [provider, id, at],
    );
  }

  /** When the earliest due event was received; null when none waits. */
  async oldestWaiting(now: Date): Promise<Date | null> {
    const [row] = await this.database.query<{ at: Date | null }>(
      'select min(received_at) as at from payment_events where processed_at is null and retry_at <= $1',
      [now],
    );
    return row?.at ?? null;
  }

  /** Deletes a batch of events processed before an instant. @returns the number of rows deleted */
  purge(before: Date): Promise<number> {
    return this.database.deleteBatch(
      'payment_events',
      'provider, event_id',
      'processed_at < $1 order by processed_at',
      [before],
    );
  }
}
