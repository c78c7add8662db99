import { Badge, type MantineColor } from '@mantine/core';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import type { InvoiceStatus, PaymentStatus } from './money-statuses';
import { moneyTexts } from './money-texts';

const INVOICE_COLORS: Record<InvoiceStatus, MantineColor> = {
  draft: 'gray',
  open: 'indigo',
  paid: 'teal',
  void: 'gray',
  uncollectible: 'red',
};
const PAYMENT_COLORS: Record<PaymentStatus, MantineColor> = {
  pending: 'indigo',
  requires_action: 'orange',
  succeeded: 'teal',
  failed: 'red',
  refunded: 'gray',
  partially_refunded: 'gray',
};

export function InvoiceBadge({ status }: { status: InvoiceStatus }): ReactNode {
  return <StatusBadge color={INVOICE_COLORS[status]} text={useTexts(moneyTexts).invoiceStatuses[status]} />;
}

export function PaymentBadge({ status }: { status: PaymentStatus }): ReactNode {
  return <StatusBadge color={PAYMENT_COLORS[status]} text={useTexts(moneyTexts).paymentStatuses[status]} />;
}

/** The dot has the colour, so that the text keeps its contrast. */
function StatusBadge({ color, text }: { color: MantineColor; text: string }): ReactNode {
  return (
    <Badge variant="default" tt="none" leftSection={<Badge circle size="8px" color={color} aria-hidden />}>
      {text}
    </Badge>
  );
}
