import { currencyExponent, decimalAmount, type Money } from '@app/kernel';
import type { Language } from '@app/users';

/** Mails of billing: the invoice and the credit note are documents, the others inform. */
export const BILLING_MAILS = [
  'invoice',
  'credit_note',
  'receipt',
  'payment_failed',
  'payment_action_required',
  'payment_method_expiring',
] as const;
export type BillingMailKind = (typeof BILLING_MAILS)[number];

/** The mail that an event causes. Documents have none: they are sent when they are made. */
const MAIL_OF_EVENT: Partial<Record<string, BillingMailKind>> = {
  'invoice.paid': 'receipt',
  'invoice.payment_failed': 'payment_failed',
  'invoice.payment_action_required': 'payment_action_required',
  'payment_method.expiring': 'payment_method_expiring',
};

/** The kind of mail for an event; null when no mail is sent for it. An invoice without an amount has no receipt. */
export function mailOf({
  type,
  after,
}: {
  type: string;
  after: Record<string, unknown> | null;
}): BillingMailKind | null {
  const kind = MAIL_OF_EVENT[type] ?? null;
  return kind === 'receipt' && Number(after?.['total']) <= 0 ? null : kind;
}

/** A document must be sent: no setting of the user suppresses it. */
export const isDocument = (kind: BillingMailKind): boolean => kind === 'invoice' || kind === 'credit_note';

/** Values of the mails about an invoice or a credit note. */
export interface DocumentFacts {
  seller: string;
  number: string;
  total: Money;
  due: Money;
  dueAt: Date | null;
  isCharged: boolean;
  /** Next attempt to collect the payment; null: none. */
  nextAttemptAt: Date | null;
  actionUrl: string | null;
}

/** Values of the mails about a card. */
export interface CardFacts {
  /** Such as `visa •••• 4242`. */
  card: string;
  /** Month and year, such as `2026-09`. */
  expiry: string;
}

export type MailFacts = DocumentFacts | CardFacts;

interface Writing {
  money: (money: Money) => string;
  date: (instant: Date) => string;
  month: (month: string) => string;
}

interface MailText {
  subject: string;
  /** Paragraphs. */
  paragraphs: (string | null)[];
}

type FactsOf<Kind> = Kind extends 'payment_method_expiring' ? CardFacts : DocumentFacts;
type Wording = { [Kind in BillingMailKind]: (facts: FactsOf<Kind>, writing: Writing) => MailText };

const EN: Wording = {
  invoice: ({ seller, number, total, due, dueAt, isCharged }, { money, date }) => ({
    subject: `Invoice ${number} from ${seller}`,
    paragraphs: [
      `Your invoice ${number} over ${money(total)} is attached.`,
      due.amount === 0
        ? 'Nothing is due.'
        : isCharged
          ? `${money(due)} will be charged to your payment method.`
          : `Please pay ${money(due)}${dueAt ? ` by ${date(dueAt)}` : ''} and state the number ${number}.`,
    ],
  }),
  credit_note: ({ seller, number, total }, { money }) => ({
    subject: `Credit note ${number} from ${seller}`,
    paragraphs: [`Your credit note ${number} over ${money(total)} is attached.`],
  }),
  receipt: ({ seller, number, total }, { money }) => ({
    subject: `Receipt for invoice ${number} from ${seller}`,
    paragraphs: [`Your invoice ${number} over ${money(total)} is paid. Thank you.`],
  }),
  payment_failed: ({ seller, number, due, nextAttemptAt }, { money, date }) => ({
    subject: `A payment to ${seller} failed`,
    paragraphs: [
      `The payment of ${money(due)} for invoice ${number} failed.`,
      nextAttemptAt
        ? `The next attempt is on ${date(nextAttemptAt)}. Please check your payment method before.`
        : 'There is no further attempt. Please pay the invoice, so that you keep your access.',
    ],
  }),
  payment_action_required: ({ seller, number, due, actionUrl }, { money }) => ({
    subject: `Please confirm your payment to ${seller}`,
    paragraphs: [`Your bank requires you to confirm the payment of ${money(due)} for invoice ${number}:`, actionUrl],
  }),
  payment_method_expiring: ({ card, expiry }, { month }) => ({
    subject: `Your card ${card} expires soon`,
    paragraphs: [`Your card ${card} expires at the end of ${month(expiry)}. Please add another one before.`],
  }),
};

const DE: Wording = {
  invoice: ({ seller, number, total, due, dueAt, isCharged }, { money, date }) => ({
    subject: `Rechnung ${number} von ${seller}`,
    paragraphs: [
      `Deine Rechnung ${number} über ${money(total)} ist angehängt.`,
      due.amount === 0
        ? 'Es ist nichts zu zahlen.'
        : isCharged
          ? `${money(due)} werden von deinem Zahlungsmittel abgebucht.`
          : `Bitte zahle ${money(due)}${dueAt ? ` bis zum ${date(dueAt)}` : ''} und gib die Nummer ${number} an.`,
    ],
  }),
  credit_note: ({ seller, number, total }, { money }) => ({
    subject: `Gutschrift ${number} von ${seller}`,
    paragraphs: [`Deine Gutschrift ${number} über ${money(total)} ist angehängt.`],
  }),
  receipt: ({ seller, number, total }, { money }) => ({
    subject: `Zahlungsbestätigung zur Rechnung ${number} von ${seller}`,
    paragraphs: [`Deine Rechnung ${number} über ${money(total)} ist bezahlt. Vielen Dank.`],
  }),
  payment_failed: ({ seller, number, due, nextAttemptAt }, { money, date }) => ({
    subject: `Eine Zahlung an ${seller} schlug fehl`,
    paragraphs: [
      `Die Zahlung von ${money(due)} für die Rechnung ${number} schlug fehl.`,
      nextAttemptAt
        ? `Der nächste Versuch ist am ${date(nextAttemptAt)}. Bitte prüfe vorher dein Zahlungsmittel.`
        : 'Es folgt kein weiterer Versuch. Bitte zahle die Rechnung, damit nichts abgeschaltet wird.',
    ],
  }),
  payment_action_required: ({ seller, number, due, actionUrl }, { money }) => ({
    subject: `Bitte bestätige deine Zahlung an ${seller}`,
    paragraphs: [
      `Deine Bank bittet dich, die Zahlung von ${money(due)} für die Rechnung ${number} zu bestätigen:`,
      actionUrl,
    ],
  }),
  payment_method_expiring: ({ card, expiry }, { month }) => ({
    subject: `Deine Karte ${card} läuft bald ab`,
    paragraphs: [`Deine Karte ${card} läuft Ende ${month(expiry)} ab. Bitte hinterlege vorher eine andere.`],
  }),
};

const WORDINGS: Record<Language, Wording> = { en: EN, de: DE };
const LOCALES: Record<Language, string> = { en: 'en-GB', de: 'de-DE' };

/** Subject and text of a mail. @param zone IANA name */
export function composeBillingMail(
  kind: BillingMailKind,
  facts: MailFacts,
  { language, zone }: { language: Language; zone: string },
): { subject: string; text: string } {
  // The kind decides which values there are.
  const write = WORDINGS[language][kind] as (values: MailFacts, writing: Writing) => MailText;
  const { subject, paragraphs } = write(facts, writingOf(LOCALES[language], zone));
  const shown = paragraphs.filter((paragraph): paragraph is string => paragraph !== null);
  return { subject: oneLine(subject), text: `${shown.join('\n\n')}\n` };
}

function writingOf(locale: string, timeZone: string): Writing {
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone });
  const months = new Intl.DateTimeFormat(locale, { month: 'long', year: 'numeric', timeZone: 'UTC' });
  return {
    money: ({ amount, currency }) => {
      const places = currencyExponent(currency);
      const fractions = { minimumFractionDigits: places, maximumFractionDigits: places };
      const format = new Intl.NumberFormat(locale, { style: 'currency', currency, ...fractions });
      return plainSpaces(format.format(decimalAmount({ amount, currency }) as Intl.StringNumericLiteral));
    },
    date: (instant) => plainSpaces(dates.format(instant)),
    month: (month) => plainSpaces(months.format(new Date(`${month}-01T00:00:00Z`))),
  };
}

const plainSpaces = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');
/** The name of a seller must not begin another header. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
