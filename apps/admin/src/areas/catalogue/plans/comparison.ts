import type { Formats } from '@tollgate/web';
import type { catalogueTexts } from '../catalogue-texts';
import { describeEntitlement, describePrice, priceLabel } from '../terms/describe';
import type { termTexts } from '../terms/term-texts';
import { priceKey } from '../terms/terms';
import type { PlanVersion } from './plan-reads';
import type { planTexts } from './plan-texts';

/** One text of a cell; changed: the version before does not have it. */
interface Part {
  text: string;
  changed: boolean;
}

export interface ComparisonRow {
  key: string;
  label: string;
  /** One cell for each version. Without parts: the version does not have the row. */
  cells: { parts: Part[]; changed: boolean }[];
}

export interface ComparisonGroup {
  title: string;
  rows: ComparisonRow[];
}

interface Words {
  shared: (typeof catalogueTexts)['en'];
  plan: (typeof planTexts)['en'];
  terms: (typeof termTexts)['en'];
  formats: Formats;
  featureName: (key: string) => string;
}

/** Properties of versions side by side; each cell is compared with the version before it. */
export function compareVersions(versions: PlanVersion[], words: Words): ComparisonGroup[] {
  const { shared, plan: t, terms, formats, featureName } = words;
  const row = (key: string, label: string, textsOf: (version: PlanVersion) => string[]): ComparisonRow => ({
    key,
    label,
    cells: compareTexts(versions.map(textsOf)),
  });
  const prices = uniqueBy(
    versions.flatMap((version) => version.prices),
    priceKey,
  );
  const features = uniqueBy(
    versions.flatMap((version) => version.entitlements),
    ({ feature }) => feature,
  );
  return [
    {
      title: t.general,
      rows: [
        row('name', shared.name, ({ name }) => [name]),
        row('description', shared.description, ({ description }) => (description ? [description] : [])),
        row('trial', t.trialDays, ({ trialDays }) => [t.trial(trialDays)]),
      ],
    },
    {
      title: terms.prices,
      rows: prices.map((price) =>
        row(priceKey(price), priceLabel(price, terms), (version) => {
          const same = version.prices.find((one) => priceKey(one) === priceKey(price));
          return same ? describePrice(same, terms, formats) : [];
        }),
      ),
    },
    {
      title: terms.entitlements,
      rows: features.map(({ feature }) =>
        row(feature, featureName(feature), (version) => {
          const same = version.entitlements.find((one) => one.feature === feature);
          return same ? describeEntitlement(same, terms, formats) : [];
        }),
      ),
    },
  ];
}

function compareTexts(columns: string[][]): ComparisonRow['cells'] {
  return columns.map((texts, index) => {
    const before = index === 0 ? texts : columns[index - 1]!;
    return {
      parts: texts.map((text) => ({ text, changed: !before.includes(text) })),
      changed: texts.join('\n') !== before.join('\n'),
    };
  });
}

const uniqueBy = <Item>(items: Item[], keyOf: (item: Item) => string): Item[] => [
  ...new Map(items.map((item) => [keyOf(item), item])).values(),
];
