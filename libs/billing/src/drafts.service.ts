import { Injectable } from '@nestjs/common';
import type { BillingSettings } from '@app/catalog';
import { Events } from '@app/events';
import { newId } from '@app/kernel';
import type { BilledCharge } from './domain/billing-walk.js';
import type { Invoice, InvoiceLine } from './domain/invoice.js';
import { draftOf, draftTotals, isCollected, isNothing, sumOf, takesLines, waitingLines } from './domain/draft.js';
import { invoiceEvent } from './invoice-event.js';
import { InvoicesRepository } from './invoices.repository.js';
import { type PendingLine, PendingLinesRepository } from './pending-lines.repository.js';

/** A charge and the settings of its product. */
export interface SettledCharge {
  charge: BilledCharge;
  settings: BillingSettings;
}

/** Writes charges as drafts, or as lines that wait for the next invoice. */
@Injectable()
export class DraftsService {
  constructor(
    private readonly invoices: InvoicesRepository,
    private readonly pending: PendingLinesRepository,
    private readonly events: Events,
  ) {}

  /**
   * Writes charges, in the transaction that moves the positions on: so each is written once. A billing instant that has
   * an invoice already passes its lines on to the next one.
   * @param now the present of the customers
   */
  async write(charges: SettledCharge[], now: Date): Promise<void> {
    if (charges.length === 0) return;
    const collected = charges.filter(({ charge, settings }) => isCollected(charge, settings));
    await this.pending.insert(
      collected.flatMap(({ charge }) => pendingLines(charge)),
      now,
    );
    const invoiced = charges.filter(({ charge, settings }) => !isCollected(charge, settings));
    const waiting = await this.pending.waiting(
      invoiced.filter(({ charge }) => takesLines(charge)).map(({ charge }) => charge.subscription),
    );
    const takes = (one: SettledCharge): boolean => takesLines(one.charge) && waiting.has(one.charge.subscription.id);
    const drafts = invoiced
      .filter((one) => takes(one) || !isNothingDue(one))
      .map((one) => ({ ...one, takes: takes(one), invoice: draftOf(one, { id: newId(), now }) }));
    const inserted = await this.invoices.insertMany(drafts.map(({ invoice }) => invoice));
    const [written, doubled] = partition(drafts, ({ invoice }) => inserted.has(invoice.id));
    await this.pending.insert(
      doubled.flatMap(({ charge }) => pendingLines(charge)),
      now,
    );
    const complete = await this.attach(written, now);
    const named = complete.filter(({ lines }) => lines.length > 0);
    await this.events.recordMany(named.map((invoice) => invoiceEvent('invoice.created', invoice, { at: now })));
  }

  /** Moves waiting lines to the drafts that take them. @returns all drafts */
  private async attach(drafts: { takes: boolean; invoice: Invoice }[], now: Date): Promise<Invoice[]> {
    const taking = drafts.filter(({ takes }) => takes).map(({ invoice }) => invoice);
    const lines = await this.pending.attach(
      taking.map(({ customerId, subscriptionId, currency, billedAt, id }) => ({
        customerId,
        subscriptionId: subscriptionId!,
        currency,
        until: billedAt,
        invoiceId: id,
      })),
    );
    const changed = new Map(
      taking.flatMap((invoice) => {
        const added = lines.get(invoice.id);
        return added ? [[invoice.id, withLines(invoice, [...invoice.lines, ...added], now)]] : [];
      }),
    );
    await this.invoices.updateDrafts([...changed.values()]);
    return drafts.map(({ invoice }) => changed.get(invoice.id) ?? invoice);
  }
}

/** A draft with other lines. */
const withLines = (invoice: Invoice, lines: InvoiceLine[], now: Date): Invoice => ({
  ...invoice,
  lines,
  ...draftTotals(lines),
  version: invoice.version + 1,
  updatedAt: now,
});

function isNothingDue({ charge: { purpose, lines, usageFrom }, settings }: SettledCharge): boolean {
  if (purpose === 'change') return sumOf(lines) === 0;
  return usageFrom === null && isNothing({ purpose, lines }, settings);
}

const pendingLines = ({ subscription, source, purpose, currency, at, ...charge }: BilledCharge): PendingLine[] =>
  waitingLines(charge).map((line, index) => ({
    customerId: subscription.customerId,
    subscriptionId: subscription.id,
    productId: subscription.productId,
    currency,
    source: `${purpose}:${source}:${index}`,
    line,
    occurredAt: at,
  }));

function partition<T>(items: T[], accepts: (item: T) => boolean): [T[], T[]] {
  return [items.filter(accepts), items.filter((item) => !accepts(item))];
}
