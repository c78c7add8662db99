import type { BillingSettings } from '@app/catalog';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type BillingProfile, defaultProfile } from './billing-profile.js';
import { emptyDraft } from './draft.js';
import { type Finalization, finalized } from './finalize.js';
import type { Invoice } from './invoice.js';

const NOW = new Date('2026-10-20T22:30:00Z');
const settings = {
  ...{ invoiceNumberFormat: 'INV-{year}-{number}', netDays: 14, cancellationCredit: 'balance', language: 'de' },
  seller: { name: 'Fjordlys', address: null, taxId: null, email: null, paymentDetails: null },
} as unknown as BillingSettings;
const profile = (over: Partial<BillingProfile> = {}): BillingProfile => ({
  ...defaultProfile({ key: 'acme', name: 'ACME', email: 'money@example.com', region: null }),
  ...over,
});
const draft = (total: number, over: Partial<Invoice> = {}): Invoice =>
  ({ ...emptyDraft({ id: 'i', now: NOW }), purpose: 'period', total, due: Math.max(0, total), ...over }) as Invoice;
const finalize = (invoice: Invoice, over: Partial<Finalization> = {}): Invoice =>
  finalized(invoice, {
    ...{ serial: 123, settings, profile: profile(), language: null, timeZone: 'Europe/Berlin' },
    ...{ chargesMethods: true, fromBalance: 0, now: NOW, ...over },
  });
const SENT = profile({ collection: 'send_invoice' });

describe('a finalized invoice', () => {
  it('has its number, and copies of seller and buyer', () => {
    expect(finalize(draft(1_000))).toMatchObject({
      ...{ status: 'open', serial: 123, number: 'INV-2026-000123', issuedAt: NOW, finalizeAt: null, version: 2 },
      ...{ seller: { name: 'Fjordlys' }, buyer: { name: 'ACME', email: 'money@example.com' } },
    });
  });

  it('has the language of the customer, else of the settings', () => {
    expect(finalize(draft(1_000)).buyer!.language).toBe('de');
    expect(finalize(draft(1_000), { language: 'en' }).buyer!.language).toBe('en');
  });

  it('that is charged is due and collected immediately', () => {
    expect(finalize(draft(1_000))).toMatchObject({
      dueAt: NOW,
      nextAttemptAt: NOW,
      collection: 'charge_automatically',
    });
  });

  it.each([
    ['of the buyer', { profile: SENT }],
    ['of a provider that charges nothing', { chargesMethods: false }],
  ])('that is sent, by the terms %s, is due after whole days of the customer, also over a clock change', (_, over) => {
    const dueAt = new Date('2026-11-03T23:30:00Z');
    expect(finalize(draft(1_000), over)).toMatchObject({ dueAt, nextAttemptAt: dueAt, collection: 'send_invoice' });
  });

  it('has the days of the buyer before those of the product', () => {
    const { dueAt } = finalize(draft(1_000), { profile: profile({ ...SENT, netDays: 1 }) });
    expect(dueAt).toEqual(new Date('2026-10-21T22:30:00Z'));
  });

  it.each([
    ['a final one whose credit is paid back', 'final', -500, 'refund', NOW],
    ['a final one whose credit stays', 'final', -500, 'balance', null],
    ['a change whose credit stays', 'change', -500, 'refund', null],
    ['a final one that is owed', 'final', 500, 'refund', NOW],
  ] as const)('%s: collected next at the expected instant', (_, purpose, total, cancellationCredit, expected) => {
    const own = { ...settings, cancellationCredit };
    const after = finalize(draft(total, { purpose }), { settings: own, fromBalance: Math.min(0, total) });
    expect(after.nextAttemptAt).toEqual(expected);
  });

  it('owes its total less what the balance paid, and is paid exactly when nothing is due', () => {
    const totals = fc.integer({ min: -(10 ** 9), max: 10 ** 9 });
    fc.assert(
      fc.property(totals, fc.double({ min: 0, max: 1, noNaN: true }), (total, share) => {
        const fromBalance = total < 0 ? total : Math.floor(total * share);
        const after = finalize(draft(total), { fromBalance });
        expect(after.due).toBe(after.total - after.paid - after.credited);
        expect(after.due).toBeGreaterThanOrEqual(0);
        expect(after.status).toBe(after.due === 0 ? 'paid' : 'open');
        expect(after.paidAt).toEqual(after.due === 0 ? NOW : null);
        expect(after.nextAttemptAt === null).toBe(after.due === 0);
      }),
    );
  });
});
