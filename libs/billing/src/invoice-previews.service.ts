import { Injectable } from '@nestjs/common';
import { type BillingSettings, CatalogReader } from '@app/catalog';
import { DomainError, newId } from '@app/kernel';
import { dueTransitions, type Subscription, type Transition } from '@app/subscriptions';
import { BilledSubscriptionsRepository } from './billed-subscriptions.repository.js';
import { CouponRedemptions } from './coupon-redemptions.service.js';
import { CreditBalances } from './credit-balances.service.js';
import { type BilledCharge, type Step, stepsOf, walk } from './domain/billing-walk.js';
import { mergeCharges } from './domain/charges.js';
import type { CouponRedemption } from './domain/coupon-redemption.js';
import { draftOf, isCollected, isNothing, sumOf, takesLines, waitingLines } from './domain/draft.js';
import type { Invoice, InvoiceLine } from './domain/invoice.js';
import { type Position, positionOf } from './domain/position.js';
import { InvoicePricing } from './invoice-pricing.service.js';
import { PendingLinesRepository } from './pending-lines.repository.js';
import { UsagePrices } from './usage-prices.js';

/** The subject of a preview: a subscription as it is, after a command, or a new one. */
export interface Previewed {
  /** Null for a new subscription. */
  before: Subscription | null;
  /** The command; null for none. */
  transition: Transition | null;
  /** The first invoice at or after this instant. */
  from: Date;
  /** Key of a coupon that a new subscription would have. */
  coupon?: string;
}

const YEAR_MS = 366 * 86_400_000;
/** How far a preview looks ahead: longer than the longest period that has an invoice. */
const AHEAD_MS = 3 * YEAR_MS;
/** Transitions of time that are looked through at a time, and in all. */
const STEPS = 4;
const MAX_STEPS = 400;

/** Previews invoices with the functions that bill: nothing is written. */
@Injectable()
export class InvoicePreviews {
  constructor(
    private readonly positions: BilledSubscriptionsRepository,
    private readonly pending: PendingLinesRepository,
    private readonly pricing: InvoicePricing,
    private readonly balances: CreditBalances,
    private readonly coupons: CouponRedemptions,
    private readonly prices: UsagePrices,
    private readonly catalog: CatalogReader,
  ) {}

  /**
   * The invoice that would come next, at or after an instant, with usage up to now, and the coupons, taxes and
   * credit balance of now.
   * @returns null when none is foreseen
   * @throws DomainError `billing_off`, and the errors of the coupon
   * @example const invoice = await previews.next({ before: subscription, transition: null, from: now });
   */
  async next(previewed: Previewed): Promise<Invoice | null> {
    const settings = await this.settingsOf(previewed);
    if (!settings) throw new DomainError('conflict', 'billing_off', 'Billing is off for this product.');
    return this.find(previewed, settings);
  }

  /** As `next`; also null when billing is off for the product. */
  async nextIfBilled(previewed: Previewed): Promise<Invoice | null> {
    const settings = await this.settingsOf(previewed);
    return settings && this.find(previewed, settings);
  }

  private settingsOf({ before, transition }: Previewed): Promise<BillingSettings | null> {
    return this.catalog.billingOf((transition?.subscription ?? before!).productId);
  }

  /**
   * The invoices of the periods that follow the running ones, priced together.
   * @param subscribed subscriptions at present, with their positions
   * @returns by subscription; absent where nothing would be invoiced
   */
  async ofNextPeriods(subscribed: { position: Position; subscription: Subscription }[]): Promise<Map<string, Invoice>> {
    const coming = subscribed.flatMap(({ position, subscription }) => {
      const from = subscription.currentPeriodEnd;
      const ahead = from && aheadOf({ before: subscription, transition: null, from }, STEPS);
      return ahead ? [{ position: { ...position, state: subscription }, subscription, from, ahead }] : [];
    });
    const hasPrices = await this.prices.among(coming.flatMap(({ ahead }) => statesOf(ahead)));
    const waiting = await this.pending.linesOf(coming.map(({ subscription }) => subscription));
    const drafts: Invoice[] = [];
    const settingsOf = new Map<string, BillingSettings>();
    for (const { position, subscription, from, ahead } of coming) {
      const settings = await this.catalog.billingOf(subscription.productId);
      const charge = chargesOf(position, ahead, hasPrices).find(
        ({ at, purpose }) => purpose === 'period' && at.getTime() === from.getTime(),
      );
      if (!settings || !charge) continue;
      const lines = [...charge.lines, ...(waiting.get(subscription.id) ?? [])];
      drafts.push(draftOf({ charge: { ...charge, lines }, settings }, { id: newId(), now: from }));
      settingsOf.set(subscription.id, settings);
    }
    const priced = await this.pricing.price(drafts, { preview: true });
    const invoices = await this.balances.withDue(priced.map(({ invoice }) => invoice));
    return new Map(
      invoices.flatMap((invoice) =>
        isNothing(invoice, settingsOf.get(invoice.subscriptionId!)!) ? [] : [[invoice.subscriptionId!, invoice]],
      ),
    );
  }

  private async find(previewed: Previewed, settings: BillingSettings): Promise<Invoice | null> {
    const { before, transition, from, coupon } = previewed;
    const subscription = transition?.subscription ?? before!;
    const { position, waiting } = await this.presentOf(before, subscription, settings);
    const redeemed = coupon === undefined ? [] : [await this.coupons.preview(subscription, coupon)];
    for (let limit = STEPS; limit <= MAX_STEPS; limit *= 2) {
      const ahead = aheadOf(previewed, limit);
      const charges = chargesOf(position, ahead, await this.prices.among(statesOf(ahead)));
      let lines = waiting;
      for (const charge of charges) {
        if (charge.at >= from && !isCollected(charge, settings)) {
          const billed = { ...charge, lines: [...charge.lines, ...(takesLines(charge) ? lines : [])] };
          const invoice = await this.price(billed, settings, { isNew: before === null, redeemed });
          if (!isNothing(invoice, settings) && !(charge.purpose === 'change' && sumOf(invoice.lines) === 0))
            return invoice;
        }
        lines = waitingAfter(charge, lines, settings);
      }
      if (ahead.isComplete) return null;
    }
    return null;
  }

  /** The position at the present of the subscription, and the lines that wait: also those of events not yet read. */
  private async presentOf(
    before: Subscription | null,
    { id, customerId, productId, testClockId }: Subscription,
    settings: BillingSettings,
  ): Promise<{ position: Position; waiting: InvoiceLine[] }> {
    const identity = { id, customerId, productId, testClockId };
    const unknown = { ...positionOf(identity, { sequence: 0, state: null }), state: before };
    if (!before) return { position: unknown, waiting: [] };
    const found = await this.positions.find(before);
    const waiting = (await this.pending.linesOf([before])).get(id) ?? [];
    if (!found) return { position: unknown, waiting };
    const unread = await this.positions.unread([found]);
    if (unread.length === 0) return { position: { ...found, state: before }, waiting };
    const stored = found.state ? undefined : (await this.positions.present([id])).get(id);
    const steps = stepsOf(found, unread, stored ?? null);
    const hasPrices = await this.prices.among(steps.flatMap((step) => [step.before, step.after]));
    const { position, charges } = walk(found, steps, { until: steps.at(-1)!.at, hasPrices });
    return {
      // Invoices of unread events are written anyway.
      position: { ...position, identity, state: before },
      waiting: mergeCharges(charges).reduce((lines, charge) => waitingAfter(charge, lines, settings), waiting),
    };
  }

  private async price(
    charge: BilledCharge,
    settings: BillingSettings,
    { isNew, redeemed }: { isNew: boolean; redeemed: CouponRedemption[] },
  ): Promise<Invoice> {
    const draft = draftOf({ charge, settings }, { id: newId(), now: charge.at });
    // A new subscription has no usage.
    const drafts = [isNew ? { ...draft, usageFrom: null } : draft];
    const [priced] = await this.pricing.price(drafts, { preview: true, redeemed });
    const [invoice] = await this.balances.withDue([priced!.invoice]);
    return invoice!;
  }
}

/** The steps that a preview looks through: the command, and what time does after it. */
interface Ahead {
  before: Subscription | null;
  steps: Step[];
  until: Date;
  /** False when there are more steps. */
  isComplete: boolean;
}

function aheadOf({ before, transition, from }: Previewed, limit: number): Ahead {
  const latest = new Date(from.getTime() + AHEAD_MS);
  const ahead = dueTransitions(transition?.subscription ?? before!, latest, limit);
  const steps = stepsOfTransitions(before, [...(transition ? [transition] : []), ...ahead]);
  const isComplete = ahead.length < limit;
  return { before, steps, isComplete, until: isComplete ? latest : (steps.at(-1)?.at ?? from) };
}

const statesOf = ({ before, steps }: Ahead): (Subscription | null)[] => [before, ...steps.map(({ after }) => after)];

const chargesOf = (
  position: Position,
  { steps, until }: Ahead,
  hasPrices: (subscription: Subscription) => boolean,
): BilledCharge[] => mergeCharges(walk(position, steps, { until, hasPrices }).charges);

/** The lines that wait after a charge: it is collected, takes them, or leaves them. */
function waitingAfter(charge: BilledCharge, waiting: InvoiceLine[], settings: BillingSettings): InvoiceLine[] {
  if (isCollected(charge, settings)) return [...waiting, ...waitingLines(charge)];
  return takesLines(charge) ? [] : waiting;
}

function stepsOfTransitions(before: Subscription | null, transitions: Transition[]): Step[] {
  return transitions.map(({ type, at, subscription, prorationLines = [], prorated = false }, index) => ({
    type,
    at,
    sequence: index + 1,
    before: index === 0 ? before : transitions[index - 1]!.subscription,
    after: subscription,
    prorationLines,
    prorated,
  }));
}
