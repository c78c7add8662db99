import { Button, Group, List, Stack, Text } from '@mantine/core';
import { useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { describePrice, priceLabel } from './describe';
import { PriceDialog } from './price-dialog';
import { TermTable } from './term-table';
import { termTexts } from './term-texts';
import { errorsBelow, type Price } from './terms';

interface PriceTableProps {
  prices: Price[];
  onChange: (prices: Price[]) => void;
  /** Messages of the whole draft, by path. */
  errors: Record<string, string>;
}

const NEW: Price = { currency: 'EUR', interval: 'month', amount: 0 };

/** Prices of a draft by currency, period, region and device type. */
export function PriceTable({ prices, onChange, errors }: PriceTableProps): ReactNode {
  const t = useTexts(termTexts);
  const formats = useFormats();
  const [edited, setEdited] = useState<number | null>(null);
  const apply = (price: Price): void => onChange(prices.with(edited!, price));
  const isNew = edited === prices.length;
  return (
    <Stack gap="xs">
      <TermTable
        label={t.prices}
        head={[t.period, t.amount]}
        empty={t.noPrices}
        rows={prices.map((price, index) => ({
          name: priceLabel(price, t),
          cell: <Parts parts={describePrice(price, t, formats)} />,
          errors: errorsBelow(errors, `prices.${index}`),
          edit: () => setEdited(index),
          remove: () => onChange(prices.toSpliced(index, 1)),
        }))}
      />
      <Group>
        <Button variant="default" size="xs" onClick={() => setEdited(prices.length)}>
          {t.addPrice}
        </Button>
      </Group>
      {edited !== null && (
        <PriceDialog
          price={prices[edited] ?? { ...NEW, currency: prices[0]?.currency ?? NEW.currency }}
          others={prices.filter((_, index) => index !== edited)}
          errors={errorsBelow(errors, `prices.${edited}`)}
          onApply={isNew ? (price) => onChange([...prices, price]) : apply}
          onClose={() => setEdited(null)}
        />
      )}
    </Stack>
  );
}

/** Properties below each other. */
export function Parts({ parts }: { parts: string[] }): ReactNode {
  if (parts.length === 1) return <Text size="sm">{parts[0]}</Text>;
  return (
    <List size="sm">
      {parts.map((part) => (
        <List.Item key={part}>{part}</List.Item>
      ))}
    </List>
  );
}
