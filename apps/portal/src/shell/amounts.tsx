import { Group, Stack, Text } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { defineTexts, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';

type Previewed = components['schemas']['PreviewedInvoiceDto'];

const amountTexts = defineTexts(
  { tax: 'Tax', discount: 'Discount', due: 'To pay' },
  { tax: 'Steuer', discount: 'Rabatt', due: 'Zu zahlen' },
);

/** Lines, discounts, taxes and amount of an invoice that does not exist yet. */
export function Amounts({ invoice }: { invoice: Previewed }): ReactNode {
  const t = useTexts(amountTexts);
  const { money, number } = useFormats();
  const { currency, lines, discountTotal, taxes, due } = invoice;
  return (
    <Stack gap={4}>
      {lines.map(({ description, quantity, amount }, index) => (
        <Row
          key={index}
          label={quantity > 1 ? `${description} × ${number(quantity)}` : description}
          value={money(amount, currency)}
        />
      ))}
      {discountTotal > 0 && <Row label={t.discount} value={money(-discountTotal, currency)} />}
      {taxes.map(({ name, percentage, amount }) => (
        <Row key={name} label={`${t.tax}: ${name} ${percentage} %`} value={money(amount, currency)} />
      ))}
      <Row label={t.due} value={money(due, currency)} strong />
    </Stack>
  );
}

function Row({ label, value, strong }: { label: string; value: string; strong?: boolean }): ReactNode {
  const weight = strong ? 700 : undefined;
  return (
    <Group justify="space-between" wrap="nowrap" align="baseline">
      <Text size="sm" fw={weight}>
        {label}
      </Text>
      <Text size="sm" fw={weight} style={{ whiteSpace: 'nowrap' }}>
        {value}
      </Text>
    </Group>
  );
}
