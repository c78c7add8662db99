import type { Formats } from '@tollgate/web';
import type { Entitlement, Grant, Price, UsagePrice } from './terms';
import type { termTexts } from './term-texts';

type Texts = (typeof termTexts)['en'];
type Window = Pick<Grant, 'windowCount' | 'windowAnchor'>;

/** Terms as texts; each of them is one property, so that two versions can be compared by them. */
export function describeEntitlement(entitlement: Entitlement, t: Texts, formats: Formats): string[] {
  const { type, value, grant } = entitlement;
  if (type === 'metered') return describeMetered(entitlement, t, formats);
  if (type === 'credit') return grant ? describeGrant(grant, t, formats) : [];
  return [typeof value === 'boolean' ? t.switches[value ? 'on' : 'off'] : String(value ?? '')];
}

function describeMetered(entitlement: Entitlement, t: Texts, formats: Formats): string[] {
  const { limit, window = 'billing_period', overage = 'deny', rateLimit, entityLimit } = entitlement;
  const { overagePrice, usagePrice } = entitlement;
  const included = limit === null || limit === undefined ? t.unlimited : formats.number(limit);
  return [
    `${included} ${describeWindow(window, entitlement, t)}`,
    ...describeAnchor(entitlement, t),
    ...(limit === null ? [] : [`${t.beyond}: ${t.overages[overage]}`]),
    ...(overagePrice ? [t.perUnit(formats.money(overagePrice.amount, overagePrice.currency))] : []),
    ...(usagePrice ? describeUsagePrice(usagePrice, t, formats) : []),
    ...(rateLimit ? [t.rate(formats.number(rateLimit.limit), formats.number(rateLimit.windowSeconds))] : []),
    ...(entityLimit === undefined ? [] : [t.perEntity(formats.number(entityLimit))]),
  ];
}

function describeGrant(grant: Grant, t: Texts, formats: Formats): string[] {
  const { quantity, every, rolloverMax } = grant;
  return [
    `${formats.number(quantity)} ${describeWindow(every, grant, t)}`,
    ...describeAnchor(grant, t),
    ...(rolloverMax === undefined ? [] : [t.rollsOver(formats.number(rolloverMax))]),
  ];
}

const describeWindow = (window: Grant['every'], { windowCount = 1 }: Window, t: Texts): string =>
  windowCount === 1 ? t.windows[window] : t.perWindows(windowCount, t.windowUnits[window]);

const describeAnchor = ({ windowAnchor = 'calendar' }: Window, t: Texts): string[] =>
  windowAnchor === 'calendar' ? [] : [`${t.windowAnchor}: ${t.windowAnchors[windowAnchor]}`];

export function describeUsagePrice(price: UsagePrice, t: Texts, formats: Formats): string[] {
  const { model, currency, unitAmount, packageSize = 1, amount, tiers = [] } = price;
  if (model === 'per_unit') return [t.perUnit(`${unitAmount} ${currency}`)];
  if (model === 'package') return [t.perPackage(`${amount} ${currency}`, formats.number(packageSize))];
  return [
    t.tierModels[model],
    ...tiers.map(({ upTo, unitAmount: unit, flatAmount }) =>
      [
        tierRange(upTo, t, formats),
        t.perUnit(`${unit} ${currency}`),
        ...(flatAmount ? [t.flat(`${flatAmount} ${currency}`)] : []),
      ].join(', '),
    ),
  ];
}

/** Amount and tiers of a price. */
export function describePrice({ amount, currency, tiers }: Price, t: Texts, formats: Formats): string[] {
  if (!tiers) return [formats.money(amount, currency)];
  return [
    t.tierModels[tiers.model],
    ...tiers.tiers.map(({ upTo, unitAmount, flatAmount }) =>
      [
        tierRange(upTo, t, formats),
        t.perUnit(formats.money(unitAmount, currency)),
        ...(flatAmount ? [t.flat(formats.money(flatAmount, currency))] : []),
      ].join(', '),
    ),
  ];
}

const tierRange = (upTo: number | null, t: Texts, formats: Formats): string =>
  upTo === null ? t.moreUnits : t.upToUnits(formats.number(upTo));

/** Period and buyers of a price. */
export function priceLabel({ interval, intervalCount = 1, currency, region, deviceType }: Price, t: Texts): string {
  const period = intervalCount === 1 ? t.intervals[interval] : t.perWindows(intervalCount, t.windowUnits[interval]);
  return [currency, period, region, deviceType].filter(Boolean).join(' · ');
}
