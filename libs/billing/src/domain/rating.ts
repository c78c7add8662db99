import type { UsagePrice, UsageTier } from '@app/catalog';
import {
  amountOf,
  decimalAmount,
  decimalText,
  DomainError,
  inMinorUnits,
  MAX_AMOUNT,
  negated,
  plus,
  rational,
  type Rational,
  rounded,
  times,
  ZERO,
} from '@app/kernel';
import type { SoldPrice } from '@app/subscriptions';
import type { InvoiceLine, TierCharge } from './invoice.js';

/** The cost of units, before rounding. */
export interface Rated {
  /** Minor units. */
  exact: Rational;
  /** How it comes about; empty for a price per unit, which needs no explanation. */
  tiers: TierCharge[];
}

/**
 * The cost of a number of units. A negative number is a credit: the negative of the cost of the units.
 * @param units whole; the first one is the first unit of the first tier
 * @example rate({ model: 'per_unit', unitAmount: '0.00025', currency: 'USD' }, 39) // exact: 0.975 minor units
 */
export function rate(price: UsagePrice, units: number): Rated {
  if (units >= 0) return rateCharge(price, units);
  const { exact, tiers } = rateCharge(price, -units);
  return {
    exact: negated(exact),
    tiers: tiers.map((tier) => ({
      ...tier,
      quantity: -tier.quantity,
      ...(tier.flatAmount === undefined ? {} : { flatAmount: decimalText(negated(rational(tier.flatAmount))) }),
      amount: tier.amount === '0' ? tier.amount : decimalText(negated(rational(tier.amount))),
    })),
  };
}

/**
 * Units as an invoice line has them: rounded once, half a minor unit away from zero.
 * @throws DomainError `amount_too_large` above 2^53 - 1 minor units
 * @example ratedLine({ model: 'per_unit', unitAmount: '0.005', currency: 'USD' }, 3).amount // 2
 */
export function ratedLine(
  price: UsagePrice,
  units: number,
): Pick<InvoiceLine, 'quantity' | 'unitAmount' | 'amount' | 'tiers'> {
  const { exact, tiers } = rate(price, units);
  return {
    quantity: units,
    unitAmount: price.model === 'per_unit' ? price.unitAmount : null,
    amount: exactAmount(rounded(exact)),
    tiers,
  };
}

/**
 * How a line shows what a quantity, such as seats, costs for a period: by the price of one unit, or by the tiers. Tiers
 * explain a whole period only: a part of one has neither.
 * @param amount of the line, in minor units
 * @example { ...line, ...shownPrice({ price: subscription.price, quantity: 12 }, line.amount) }
 */
export function shownPrice(
  { price, quantity }: { price: Pick<SoldPrice, 'amount' | 'currency' | 'tiers'>; quantity: number },
  amount: number,
): Pick<InvoiceLine, 'unitAmount' | 'tiers'> {
  const { currency, tiers } = price;
  if (!tiers) return { unitAmount: decimalAmount(price), tiers: [] };
  if (amount !== amountOf({ price, quantity })) return { unitAmount: null, tiers: [] };
  const major = (minor: number): string => decimalAmount({ amount: minor, currency });
  const inMajorUnits = tiers.tiers.map(({ upTo, unitAmount, flatAmount }) => ({
    upTo,
    unitAmount: major(unitAmount),
    ...(flatAmount === undefined ? {} : { flatAmount: major(flatAmount) }),
  }));
  return { unitAmount: null, tiers: rate({ model: tiers.model, tiers: inMajorUnits, currency }, quantity).tiers };
}

/** An amount as a number. @throws DomainError `amount_too_large` for one that JSON does not carry exactly */
export function exactAmount(amount: bigint): number {
  if (amount > MAX_AMOUNT || amount < -MAX_AMOUNT)
    throw new DomainError('conflict', 'amount_too_large', `The amount must be at most ${MAX_AMOUNT} minor units.`);
  return Number(amount);
}

function rateCharge(price: UsagePrice, units: number): Rated {
  const { currency } = price;
  if (units === 0) return { exact: ZERO, tiers: [] };
  switch (price.model) {
    case 'per_unit':
      return { exact: inMinorUnits(times(rational(price.unitAmount), rational(units)), currency), tiers: [] };
    case 'package': {
      const packages = Number((BigInt(units) + BigInt(price.packageSize) - 1n) / BigInt(price.packageSize));
      return summed([{ tier: { unitAmount: price.amount }, from: 1, to: units, quantity: packages }], currency);
    }
    case 'volume': {
      const tier = price.tiers.find(({ upTo }) => upTo === null || units <= upTo)!;
      return summed([{ tier, from: 1, to: units, quantity: units }], currency);
    }
    case 'graduated':
      return summed(graduated(price.tiers, units), currency);
  }
}

/** Units of one tier. */
interface Part {
  tier: Pick<UsageTier, 'unitAmount' | 'flatAmount'>;
  from: number;
  to: number;
  quantity: number;
}

function graduated(tiers: UsageTier[], units: number): Part[] {
  return tiers.flatMap((tier, index) => {
    const before = index === 0 ? 0 : tiers[index - 1]!.upTo!;
    if (units <= before) return [];
    const to = tier.upTo === null ? units : Math.min(units, tier.upTo);
    return [{ tier, from: before + 1, to, quantity: to - before }];
  });
}

function summed(parts: Part[], currency: string): Rated {
  let exact = ZERO;
  const tiers = parts.map(({ tier: { unitAmount, flatAmount }, from, to, quantity }): TierCharge => {
    const perUnits = times(rational(unitAmount), rational(quantity));
    const amount = inMinorUnits(plus(perUnits, rational(flatAmount ?? 0)), currency);
    exact = plus(exact, amount);
    return {
      from,
      to,
      quantity,
      unitAmount,
      ...(flatAmount === undefined ? {} : { flatAmount }),
      amount: decimalText(amount),
    };
  });
  return { exact, tiers };
}
