import { type BillingSettings, formatNumber } from '@app/catalog';
import { addDays } from '@app/kernel';
import type { Language } from '@app/users';
import { type BillingProfile, buyerOf } from './billing-profile.js';
import { firstAttemptAt } from './dunning.js';
import type { Invoice } from './invoice.js';

/** The data that turn a draft into an invoice. */
export interface Finalization {
  /** The next number of the seller. */
  serial: number;
  settings: BillingSettings;
  profile: BillingProfile;
  /** Of the customer; null: that of the settings. */
  language: Language | null;
  /** Zone of the customer, in which days are counted. */
  timeZone: string;
  /** False: the provider charges nothing automatically, so that every invoice is sent. */
  chargesMethods: boolean;
  /** The amount that the credit balance paid; negative when the invoice paid into it. */
  fromBalance: number;
  now: Date;
}

/** The finalized invoice of a draft whose amounts were computed: open, or paid when nothing is due. */
export function finalized(
  draft: Invoice,
  { serial, settings, profile, language, timeZone, chargesMethods, fromBalance, now }: Finalization,
): Invoice {
  const due = draft.total - fromBalance;
  const collection = chargesMethods ? profile.collection : 'send_invoice';
  const isCharged = collection === 'charge_automatically';
  const netDays = isCharged ? 0 : (profile.netDays ?? settings.netDays);
  const dueAt = netDays === 0 ? now : addDays(now, netDays, timeZone);
  const isRepaid = draft.purpose === 'final' && draft.total < 0 && settings.cancellationCredit === 'refund';
  return {
    ...draft,
    status: due === 0 ? 'paid' : 'open',
    serial,
    number: formatNumber(settings.invoiceNumberFormat, { serial, year: now.getUTCFullYear() }),
    paid: fromBalance,
    due,
    issuedAt: now,
    dueAt,
    paidAt: due === 0 ? now : null,
    seller: settings.seller,
    buyer: buyerOf(profile, language ?? settings.language),
    collection,
    nextAttemptAt: isRepaid ? now : firstAttemptAt({ collection, issuedAt: now, dueAt, due }),
    finalizeAt: null,
    version: draft.version + 1,
    updatedAt: now,
  };
}
