import { Injectable, type OnModuleInit } from '@nestjs/common';
import { CustomerTime } from '@app/customers';
import { Events, type NewEvent } from '@app/events';
import { newId, SYSTEM_ACTOR } from '@app/kernel';
import { Database } from '@app/platform';
import { projectedAt } from '@app/subscriptions';
import { BilledSubscriptionsRepository, type LockedPosition } from './billed-subscriptions.repository.js';
import { BillingRun, BillingStep } from './billing-run.service.js';
import type { Invoice, InvoiceLine } from './domain/invoice.js';
import { InvoicePreviews } from './invoice-previews.service.js';

/** Subscriptions per transaction: enough to share its cost, few enough to hold locks briefly. */
const BATCH = 200;

/**
 * Announces the invoices of periods that are about to begin (`invoice.upcoming`): once per period, when billing has
 * read the reminder of the renewal. Positions wait for it in a column, so that billing itself does not price previews.
 */
@Injectable()
export class UpcomingInvoices extends BillingStep implements OnModuleInit {
  constructor(
    private readonly positions: BilledSubscriptionsRepository,
    private readonly previews: InvoicePreviews,
    private readonly run: BillingRun,
    private readonly database: Database,
    private readonly events: Events,
    private readonly time: CustomerTime,
  ) {
    super();
  }

  onModuleInit(): void {
    this.run.register(this);
  }

  runDue(): Promise<number> {
    return this.announceDue(null, this.time.real());
  }

  runOnClock(clockId: string, now: Date): Promise<number> {
    return this.announceDue(clockId, now);
  }

  /** Announcements follow from events: no instant is foreseen. */
  nextOnClock(): Promise<Date | null> {
    return Promise.resolve(null);
  }

  private announceDue(clockId: string | null, now: Date): Promise<number> {
    return this.database.transaction(async () => {
      const positions = await this.positions.lockUpcoming(clockId, BATCH);
      // A notice that cannot be priced is logged and given up: the invoice itself comes anyway.
      await this.run.isolate({
        job: 'announce invoices',
        items: positions,
        idOf: ({ identity }) => identity.id,
        process: (some) => this.announce(some, now),
        postpone: (position) => this.positions.clearUpcoming([position]),
      });
      return positions.length;
    });
  }

  private async announce(positions: LockedPosition[], now: Date): Promise<void> {
    const present = await this.positions.present(positions.map(({ identity }) => identity.id));
    const renewing = positions.flatMap((position) => {
      const found = present.get(position.identity.id);
      return found ? [{ position, subscription: projectedAt(found.subscription, now) }] : [];
    });
    const invoices = await this.previews.ofNextPeriods(renewing);
    await this.events.recordMany([...invoices.values()].map((invoice) => announcement(invoice, now)));
    await this.positions.clearUpcoming(positions);
  }
}

/** The event of an invoice that does not exist yet: its id names only the announcement. */
const announcement = (invoice: Invoice, at: Date): NewEvent => ({
  type: 'invoice.upcoming',
  subject: { type: 'upcoming_invoice', id: newId() },
  customerId: invoice.customerId,
  productId: invoice.productId,
  actor: SYSTEM_ACTOR,
  at,
  before: null,
  after: {
    subscription: invoice.subscriptionId,
    currency: invoice.currency,
    subtotal: invoice.subtotal,
    discountTotal: invoice.discountTotal,
    taxTotal: invoice.taxTotal,
    total: invoice.total,
    due: invoice.due,
    periodStart: invoice.period.start,
    periodEnd: invoice.period.end,
    lines: invoice.lines.map(announcedLine),
  },
});

const announcedLine = ({ kind, description, quantity, amount, service }: InvoiceLine): object => ({
  kind,
  description,
  quantity,
  amount,
  periodStart: service.start,
  periodEnd: service.end,
});
