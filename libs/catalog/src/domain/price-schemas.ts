import { amountOf, INTERVALS, isCurrency, isDecimal, MAX_DECIMAL_PLACES, TIER_MODELS } from '@app/kernel';
import { z } from 'zod';
import { type Price, USAGE_PRICE_MODELS } from './catalog.js';
import { exactly, oneOf, whole, withoutUndefined } from './schema.js';

const MAX_INTERVAL_COUNT = 1_000;
/** The most tiers of one price. */
export const MAX_TIERS = 100;

const count = whole('must be a whole number of 0 or more', 0);
const matching = (form: RegExp, message: string) => z.string(message).regex(form, message).nullable().default(null);
export const currency = z.custom<string>(isCurrency, 'must be an ISO 4217 code such as USD');
/** A unit price in major units. A number is refused, because a float has no exact decimals. */
const decimal = z.custom<string>(
  (value) => isDecimal(value) && !value.startsWith('-'),
  `must be a decimal text of 0 or more with up to ${MAX_DECIMAL_PLACES} decimal places`,
);

/** Tiers in ascending order, of which only the last one has no end. */
const tiersOf = <Amount extends z.ZodType>(amount: Amount) =>
  z
    .array(
      exactly({
        upTo: whole('must be a whole number of 1 or more, or null for the last tier', 1).nullable(),
        unitAmount: amount,
        flatAmount: amount.optional(),
      }),
      'must be a list of tiers',
    )
    .min(1, 'must have at least one tier')
    .max(MAX_TIERS, `must have at most ${MAX_TIERS} tiers`)
    .superRefine((tiers, context) =>
      tiers.forEach(({ upTo }, index) => {
        const problem = (message: string): void => context.addIssue({ code: 'custom', path: [index, 'upTo'], message });
        if (index === tiers.length - 1) {
          if (upTo !== null) problem('must be null in the last tier');
        } else if (upTo === null) problem('must be null in the last tier only');
        else if (index > 0 && upTo <= (tiers[index - 1]!.upTo ?? 0)) problem('must be above that of the tier before');
      }),
    );

/** A price of a plan or an add-on, in minor units. */
export const PRICE = exactly({
  interval: oneOf(INTERVALS),
  intervalCount: whole(`must be 1 to ${MAX_INTERVAL_COUNT}`, 1, MAX_INTERVAL_COUNT).default(1),
  amount: count,
  currency,
  tiers: exactly({ model: oneOf(TIER_MODELS), tiers: tiersOf(count) }).optional(),
  region: matching(/^[A-Z]{2}$/, 'must be two capital letters'),
  deviceType: matching(/^[a-z0-9][a-z0-9_-]{0,31}$/, 'must be up to 32 of a-z, 0-9, _ and -'),
}).superRefine((price, context) => {
  if (!price.tiers?.tiers.length) return;
  const ofOne = amountOf({ price, quantity: 1 });
  if (price.amount !== ofOne)
    context.addIssue({
      code: 'custom',
      path: ['amount'],
      message: `must be ${ofOne}, what one unit costs by the tiers`,
    });
});

const tiered = { tiers: tiersOf(decimal), currency };

/** The price of usage beyond the limit, in major units. */
export const USAGE_PRICE = z.preprocess(
  withoutUndefined,
  z.discriminatedUnion(
    'model',
    [
      z.strictObject({ model: z.literal('per_unit'), unitAmount: decimal, currency }),
      z.strictObject({
        model: z.literal('package'),
        packageSize: whole('must be a whole number of 1 or more', 1),
        amount: decimal,
        currency,
      }),
      z.strictObject({ model: z.literal('graduated'), ...tiered }),
      z.strictObject({ model: z.literal('volume'), ...tiered }),
    ],
    {
      error: ({ code }) =>
        code === 'invalid_union' ? `must be one of ${USAGE_PRICE_MODELS.join(', ')}` : 'must be an object',
    },
  ),
);

/** Two prices of a plan with the same key are for the same buyers. */
export function priceKey(raw: object): string {
  const { interval, intervalCount = 1, currency: code, region = null, deviceType = null } = raw as Partial<Price>;
  return [interval, intervalCount, code, region, deviceType].join(' ');
}
