import { Text, TextInput } from '@mantine/core';
import { bodyOf, commonTexts, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../shell/action-dialog';
import { api } from '../../shell/session';
import { AmountInput } from './amount-input';
import { MONEY_QUERIES } from './money-queries';
import { moneyTexts } from './money-texts';
import type { Payment } from './money-objects';

/** Refunds a payment, whole or in part. The key makes a repeated click one refund. */
export function RefundDialog(props: { payment: Payment; most: number; onClose: () => void }): ReactNode {
  const { payment, most } = props;
  const t = useTexts(moneyTexts);
  const { reason: label } = useTexts(commonTexts);
  const formats = useFormats();
  const [key] = useState(() => crypto.randomUUID());
  const [amount, setAmount] = useState(most);
  const [reason, setReason] = useState('');
  const params = { path: { id: payment.id }, header: { 'Idempotency-Key': key } };
  return (
    <ActionDialog
      opened
      dangerous
      title={t.refundTitle}
      confirm={`${t.refund}: ${formats.money(amount, payment.currency)}`}
      done={t.refundDone}
      invalidates={MONEY_QUERIES}
      onClose={props.onClose}
      run={() => bodyOf(api.POST('/v1/payments/{id}/refund', { params, body: { reason, amount } }))}
    >
      <Text size="sm">{t.refundHint(formats.money(most, payment.currency))}</Text>
      <AmountInput label={t.amount} currency={payment.currency} value={amount} max={most} onChange={setAmount} />
      <TextInput
        label={label}
        description={t.reasonOnDocument}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        required
      />
    </ActionDialog>
  );
}
