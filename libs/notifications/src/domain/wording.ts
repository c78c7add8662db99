import { currencyExponent, decimalAmount, type Money } from '@app/kernel';
import type { Language } from '@app/users';
import { costOf, type Facts, type NotificationKind } from './notification.js';

/** Formats times, money and numbers for one language and time zone. */
export interface Local {
  time: (instant: string) => string;
  money: (facts: Facts) => string;
  /** The total of an invoice. */
  total: (facts: Facts) => string;
  month: (month: string) => string;
  number: (count: number) => string;
}

/** The subject of the mail is the title of the notification. */
export interface Text {
  title: string;
  text: string;
}

type Wording = Record<NotificationKind, (facts: Facts, local: Local) => Text>;

const plan = ({ plan: named }: Facts): string => named?.name ?? '?';
const priced = (facts: Facts, local: Local, format: (price: string) => string): string =>
  costOf(facts) > 0 ? format(local.money(facts)) : '';
const ends = ({ endsAt }: Facts, { time }: Local, format: (end: string) => string): string =>
  endsAt ? format(time(endsAt)) : '';

const EN: Wording = {
  subscription_started: (facts, local) => ({
    title: `Your plan ${plan(facts)} has started`,
    text: `${facts.status === 'trialing' ? 'Your trial' : 'Your plan'} began on ${local.time(facts.at)}.${ends(facts, local, (end) => ` ${facts.status === 'trialing' ? 'The trial' : 'The first period'} ends on ${end}.`)}${priced(facts, local, (price) => ` The price is ${price} a period.`)}`,
  }),
  subscription_changed: (facts, local) => ({
    title: `Your plan is now ${plan(facts)}`,
    text: `Since ${local.time(facts.at)} your plan is ${plan(facts)}${facts.formerPlan && facts.formerPlan.key !== facts.plan?.key ? `, no longer ${facts.formerPlan.name}` : ''}.${priced(facts, local, (price) => ` The price is ${price} a period.`)}`,
  }),
  subscription_cancel_scheduled: (facts, local) => ({
    title: `Your plan ${plan(facts)} is set to end`,
    text: `You can use it${ends(facts, local, (end) => ` until ${end}`)}. If you change your mind before, resume it.`,
  }),
  subscription_canceled: (facts, local) => ({
    title: `Your plan ${plan(facts)} has ended`,
    text: `It was canceled on ${local.time(facts.at)}.`,
  }),
  subscription_expired: (facts, local) => ({
    title: `Your plan ${plan(facts)} has ended`,
    text: `Its last period ended on ${local.time(facts.at)}.`,
  }),
  subscription_renewed: (facts, local) => ({
    title: `Your plan ${plan(facts)} was renewed`,
    text: `A new period began on ${local.time(facts.at)}.${ends(facts, local, (end) => ` It ends on ${end}.`)}${priced(facts, local, (price) => ` The price is ${price}.`)}`,
  }),
  renewal_upcoming: (facts, local) => ({
    title: `Your plan ${plan(facts)} renews soon`,
    text: `${ends(facts, local, (end) => `The next period begins on ${end}.`)}${priced(facts, local, (price) => ` The price is ${price}.`)}`,
  }),
  trial_ending: (facts, local) => ({
    title: `Your trial of ${plan(facts)} ends soon`,
    text: `${ends(facts, local, (end) => `It ends on ${end}.`)}${priced(facts, local, (price) => ` After that the price is ${price} a period.`)}`,
  }),
  expiry_upcoming: (facts, local) => ({
    title: `Your plan ${plan(facts)} ends soon`,
    text: `${ends(facts, local, (end) => `It ends on ${end}`)}, unless you renew it.`,
  }),
  payment_failed: (facts, local) => ({
    title: `A payment for ${plan(facts)} failed`,
    text: `On ${local.time(facts.at)} a payment failed${priced(facts, local, (price) => ` (${price})`)}. Please see to it, so that nothing is cut off.`,
  }),
  invoice_issued: (facts, local) => ({
    title: `Invoice ${facts.number} was issued`,
    text: `Your invoice ${facts.number} over ${local.total(facts)} is ready.`,
  }),
  invoice_paid: (facts, local) => ({
    title: `Invoice ${facts.number} is paid`,
    text: `Your invoice ${facts.number} over ${local.total(facts)} is paid.`,
  }),
  invoice_payment_failed: (facts, local) => ({
    title: `A payment for invoice ${facts.number} failed`,
    text: `On ${local.time(facts.at)} the payment of invoice ${facts.number} (${local.total(facts)}) failed.${facts.nextAttemptAt ? ` The next attempt is on ${local.time(facts.nextAttemptAt)}.` : ''} Please check your payment method, so that you keep your access.`,
  }),
  payment_action_required: (facts, local) => ({
    title: `Please confirm your payment for invoice ${facts.number}`,
    text: `Your bank requires you to confirm the payment of ${local.total(facts)}${facts.url ? `: ${facts.url}` : '.'}`,
  }),
  payment_method_expiring: (facts, local) => ({
    title: `Your card ${facts.card} expires soon`,
    text: `It expires at the end of ${local.month(facts.expiry!)}. Please add another one before.`,
  }),
  usage_nearly_reached: (facts, { number }) => ({
    title: `80 % of ${facts.feature} are used`,
    text: `You have used ${number(facts.used!)} of ${number(facts.limit!)}.`,
  }),
  usage_reached: (facts, { number }) => ({
    title: `All of ${facts.feature} is used`,
    text: `You have used ${number(facts.used!)} of ${number(facts.limit!)}. Another plan may allow more.`,
  }),
  endpoint_disabled: (facts, { time }) => ({
    title: 'A webhook endpoint was disabled',
    text: `Since ${time(facts.at)} nothing is sent to ${facts.url} any more: ${facts.reason === 'gone' ? 'it answered that it is gone' : 'for three days every attempt failed'}. Missed events can be redelivered once it is enabled.`,
  }),
};

const DE: Wording = {
  subscription_started: (facts, local) => ({
    title: `Dein Tarif ${plan(facts)} läuft`,
    text: `${facts.status === 'trialing' ? 'Deine Testphase' : 'Dein Tarif'} begann am ${local.time(facts.at)}.${ends(facts, local, (end) => ` ${facts.status === 'trialing' ? 'Die Testphase' : 'Der erste Zeitraum'} endet am ${end}.`)}${priced(facts, local, (price) => ` Der Preis ist ${price} je Zeitraum.`)}`,
  }),
  subscription_changed: (facts, local) => ({
    title: `Dein Tarif ist jetzt ${plan(facts)}`,
    text: `Seit ${local.time(facts.at)} ist dein Tarif ${plan(facts)}${facts.formerPlan && facts.formerPlan.key !== facts.plan?.key ? `, nicht mehr ${facts.formerPlan.name}` : ''}.${priced(facts, local, (price) => ` Der Preis ist ${price} je Zeitraum.`)}`,
  }),
  subscription_cancel_scheduled: (facts, local) => ({
    title: `Dein Tarif ${plan(facts)} ist gekündigt`,
    text: `Du kannst ihn noch${ends(facts, local, (end) => ` bis ${end}`)} nutzen. Bis dahin lässt sich die Kündigung zurücknehmen.`,
  }),
  subscription_canceled: (facts, local) => ({
    title: `Dein Tarif ${plan(facts)} ist zu Ende`,
    text: `Er wurde am ${local.time(facts.at)} beendet.`,
  }),
  subscription_expired: (facts, local) => ({
    title: `Dein Tarif ${plan(facts)} ist zu Ende`,
    text: `Sein letzter Zeitraum endete am ${local.time(facts.at)}.`,
  }),
  subscription_renewed: (facts, local) => ({
    title: `Dein Tarif ${plan(facts)} wurde verlängert`,
    text: `Am ${local.time(facts.at)} begann ein neuer Zeitraum.${ends(facts, local, (end) => ` Er endet am ${end}.`)}${priced(facts, local, (price) => ` Der Preis ist ${price}.`)}`,
  }),
  renewal_upcoming: (facts, local) => ({
    title: `Dein Tarif ${plan(facts)} verlängert sich bald`,
    text: `${ends(facts, local, (end) => `Der nächste Zeitraum beginnt am ${end}.`)}${priced(facts, local, (price) => ` Der Preis ist ${price}.`)}`,
  }),
  trial_ending: (facts, local) => ({
    title: `Deine Testphase von ${plan(facts)} endet bald`,
    text: `${ends(facts, local, (end) => `Sie endet am ${end}.`)}${priced(facts, local, (price) => ` Danach ist der Preis ${price} je Zeitraum.`)}`,
  }),
  expiry_upcoming: (facts, local) => ({
    title: `Dein Tarif ${plan(facts)} endet bald`,
    text: `${ends(facts, local, (end) => `Er endet am ${end}`)}, wenn du ihn nicht verlängerst.`,
  }),
  payment_failed: (facts, local) => ({
    title: `Eine Zahlung für ${plan(facts)} schlug fehl`,
    text: `Am ${local.time(facts.at)} schlug eine Zahlung fehl${priced(facts, local, (price) => ` (${price})`)}. Bitte kümmere dich darum, damit nichts abgeschaltet wird.`,
  }),
  invoice_issued: (facts, local) => ({
    title: `Rechnung ${facts.number} wurde ausgestellt`,
    text: `Deine Rechnung ${facts.number} über ${local.total(facts)} liegt bereit.`,
  }),
  invoice_paid: (facts, local) => ({
    title: `Rechnung ${facts.number} ist bezahlt`,
    text: `Deine Rechnung ${facts.number} über ${local.total(facts)} ist bezahlt.`,
  }),
  invoice_payment_failed: (facts, local) => ({
    title: `Eine Zahlung zur Rechnung ${facts.number} schlug fehl`,
    text: `Am ${local.time(facts.at)} schlug die Zahlung der Rechnung ${facts.number} (${local.total(facts)}) fehl.${facts.nextAttemptAt ? ` Der nächste Versuch ist am ${local.time(facts.nextAttemptAt)}.` : ''} Bitte prüfe dein Zahlungsmittel, damit nichts abgeschaltet wird.`,
  }),
  payment_action_required: (facts, local) => ({
    title: `Bitte bestätige deine Zahlung zur Rechnung ${facts.number}`,
    text: `Deine Bank bittet dich, die Zahlung von ${local.total(facts)} zu bestätigen${facts.url ? `: ${facts.url}` : '.'}`,
  }),
  payment_method_expiring: (facts, local) => ({
    title: `Deine Karte ${facts.card} läuft bald ab`,
    text: `Sie läuft Ende ${local.month(facts.expiry!)} ab. Bitte hinterlege vorher eine andere.`,
  }),
  usage_nearly_reached: (facts, { number }) => ({
    title: `80 % von ${facts.feature} sind verbraucht`,
    text: `Du hast ${number(facts.used!)} von ${number(facts.limit!)} verbraucht.`,
  }),
  usage_reached: (facts, { number }) => ({
    title: `${facts.feature} ist verbraucht`,
    text: `Du hast ${number(facts.used!)} von ${number(facts.limit!)} verbraucht. Ein anderer Tarif erlaubt vielleicht mehr.`,
  }),
  endpoint_disabled: (facts, { time }) => ({
    title: 'Ein Webhook wurde abgeschaltet',
    text: `Seit ${time(facts.at)} wird nichts mehr an ${facts.url} gesendet: ${facts.reason === 'gone' ? 'Er antwortete, dass es ihn nicht mehr gibt' : 'Drei Tage lang schlug jeder Versuch fehl'}. Was er versäumt hat, kann gesendet werden, sobald er wieder eingeschaltet ist.`,
  }),
};

const WORDINGS: Record<Language, Wording> = { en: EN, de: DE };

/** A notification in words. @param zone IANA name */
export function worded(
  kind: NotificationKind,
  facts: Facts,
  { language, zone }: { language: Language; zone: string },
): Text {
  return WORDINGS[language][kind](facts, localOf(language, zone));
}

function localOf(language: Language, zone: string): Local {
  const times = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone: zone });
  const numbers = new Intl.NumberFormat(language);
  const months = new Intl.DateTimeFormat(language, { month: 'long', year: 'numeric', timeZone: 'UTC' });
  return {
    time: (instant) => plainSpaces(times.format(new Date(instant))),
    number: (count) => numbers.format(count),
    money: (facts) => moneyText(language, { amount: costOf(facts), currency: facts.price!.currency }),
    total: ({ total }) => moneyText(language, total!),
    month: (month) => months.format(new Date(`${month}-01T00:00:00Z`)),
  };
}

function moneyText(language: Language, money: Money): string {
  const digits = currencyExponent(money.currency);
  const fractions = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const format = new Intl.NumberFormat(language, { style: 'currency', currency: money.currency, ...fractions });
  return plainSpaces(format.format(decimalAmount(money) as Intl.StringNumericLiteral));
}

/** Formats put narrow and unbreakable spaces in; mail and logs are better off without. */
const plainSpaces = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');
