import { Alert, Anchor, NativeSelect, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import type { components } from '@tollgate/schema';
import { Link } from '@tanstack/react-router';
import { ActionDialog, bodyOf, Loaded, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { useVisit } from '../session/visit';
import { AFTER_CHANGES, type Invoice } from '../shell/reads';
import { type Method, nameOf, useMethods } from './methods';
import { moneyTexts } from './money-texts';

type Payment = components['schemas']['PaymentWithRefundsDto'];

/** Charges an open invoice to one of the payment methods. */
export function PayDialog({ invoice, onClose }: { invoice: Invoice; onClose: () => void }): ReactNode {
  const t = useTexts(moneyTexts);
  const { money } = useFormats();
  const { api } = useVisit();
  const methods = useMethods();
  const [chosen, setChosen] = useState<string | null>(null);
  const [payment, setPayment] = useState<Payment | null>(null);
  const amount = money(invoice.due, invoice.currency);
  const method = chosen ?? methods.data?.find(({ isDefault }) => isDefault)?.id ?? methods.data?.[0]?.id;
  const pay = () => {
    const params = { path: { id: invoice.id }, header: { 'Idempotency-Key': crypto.randomUUID() } };
    return bodyOf(api.POST('/v1/invoices/{id}/pay', { params, body: { paymentMethod: method } }));
  };
  const onDone = (made: Payment): void => {
    setPayment(made);
    if (made.status !== 'succeeded') return;
    notifications.show({ message: t.paid, color: 'teal' });
    onClose();
  };
  return (
    <ActionDialog
      title={t.payTitle(invoice.number ?? '')}
      confirm={t.payConfirm(amount)}
      opened
      onClose={onClose}
      run={pay}
      onDone={onDone}
      invalidates={AFTER_CHANGES}
      disabled={!method || payment?.status === 'pending' || payment?.status === 'requires_action'}
    >
      <Text>{t.payText(amount)}</Text>
      <Loaded query={methods}>{(all) => <Choice methods={all} value={method} onChange={setChosen} />}</Loaded>
      {payment && <Outcome payment={payment} />}
    </ActionDialog>
  );
}

interface ChoiceProps {
  methods: Method[];
  value: string | undefined;
  onChange: (id: string) => void;
}

function Choice({ methods, value, onChange }: ChoiceProps): ReactNode {
  const t = useTexts(moneyTexts);
  if (methods.length === 0)
    return <Anchor renderRoot={(props) => <Link {...props} to="/payment" />}>{t.noMethod}</Anchor>;
  return (
    <NativeSelect
      label={t.method}
      data={methods.map((method) => ({ value: method.id, label: nameOf(method) }))}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
}

/** The state of a payment that has not succeeded yet. */
function Outcome({ payment: { status, actionUrl } }: { payment: Payment }): ReactNode {
  const t = useTexts(moneyTexts);
  if (status === 'requires_action' && actionUrl)
    return (
      <Alert color="orange" role="alert">
        <Stack gap="xs">
          <Text size="sm">{t.action}</Text>
          <Anchor href={actionUrl} target="_blank" rel="noopener noreferrer" underline="always">
            {t.openAction}
          </Anchor>
        </Stack>
      </Alert>
    );
  return (
    <Alert color={status === 'failed' ? 'red' : 'blue'} role="alert">
      {status === 'failed' ? t.payFailed : t.pending}
    </Alert>
  );
}
