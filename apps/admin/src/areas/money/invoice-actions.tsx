import { Button, Select, Text, TextInput } from '@mantine/core';
import { bodyOf, commonTexts, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../shell/action-dialog';
import { type Operation, useCan } from '../../shell/me';
import { api } from '../../shell/session';
import { AmountInput } from './amount-input';
import type { Invoice } from './money-objects';
import { MONEY_QUERIES } from './money-queries';
import type { InvoiceStatus } from './money-statuses';
import { moneyTexts } from './money-texts';

type Command = 'finalize' | 'collect' | 'markPaid' | 'credit' | 'uncollectible' | 'void';

/** Commands that an invoice takes in each status. */
const COMMANDS: Record<InvoiceStatus, Command[]> = {
  draft: ['finalize', 'void'],
  open: ['collect', 'markPaid', 'credit', 'uncollectible', 'void'],
  uncollectible: ['markPaid', 'void'],
  paid: ['credit'],
  void: [],
};
/** Route of each command. */
const ROUTES: Record<Command, Operation> = {
  finalize: 'finalizeInvoice',
  collect: 'payInvoice',
  markPaid: 'markInvoicePaid',
  credit: 'createCreditNote',
  uncollectible: 'markInvoiceUncollectible',
  void: 'voidInvoice',
};

/** Buttons of the commands that the invoice takes and the role may give. */
export function InvoiceActions({ invoice }: { invoice: Invoice }): ReactNode {
  const t = useTexts(moneyTexts);
  const can = useCan();
  const [command, setCommand] = useState<Command | null>(null);
  const offered = COMMANDS[invoice.status].filter((one) => can(ROUTES[one]));
  return (
    <>
      {offered.map((one) => (
        <Button key={one} variant="default" size="xs" onClick={() => setCommand(one)}>
          {t[one]}
        </Button>
      ))}
      {command && <CommandDialog key={command} command={command} invoice={invoice} onClose={() => setCommand(null)} />}
    </>
  );
}

function CommandDialog(props: { command: Command; invoice: Invoice; onClose: () => void }): ReactNode {
  const { command, invoice } = props;
  const t = useTexts(moneyTexts);
  const common = useTexts(commonTexts);
  const formats = useFormats();
  const creditable = invoice.total - invoice.credited;
  const [key] = useState(() => crypto.randomUUID());
  const [reason, setReason] = useState('');
  const [reference, setReference] = useState('');
  const [amount, setAmount] = useState(creditable);
  const [to, setTo] = useState<'refund' | 'balance'>('refund');
  const due = formats.money(invoice.due, invoice.currency);
  const params = { path: { id: invoice.id }, header: { 'Idempotency-Key': key } };
  const commands: Record<Command, { hint: string; done: string; run: () => Promise<unknown> }> = {
    finalize: {
      hint: t.finalizeHint,
      done: t.finalized,
      run: () => bodyOf(api.POST('/v1/invoices/{id}/finalize', { params, body: { reason } })),
    },
    collect: {
      hint: t.collectHint(due),
      done: t.collected,
      run: () => bodyOf(api.POST('/v1/invoices/{id}/pay', { params, body: {} })),
    },
    markPaid: {
      hint: t.markPaidHint(due),
      done: t.markedPaid,
      run: () => bodyOf(api.POST('/v1/invoices/{id}/mark-paid', { params, body: { reason, reference } })),
    },
    credit: {
      hint: t.creditHint,
      done: t.creditedDone,
      run: () => bodyOf(api.POST('/v1/invoices/{id}/credit-notes', { params, body: { reason, amount, to } })),
    },
    uncollectible: {
      hint: t.uncollectibleHint,
      done: t.markedUncollectible,
      run: () => bodyOf(api.POST('/v1/invoices/{id}/mark-uncollectible', { params, body: { reason } })),
    },
    void: {
      hint: t.voidHint,
      done: t.voided,
      run: () => bodyOf(api.POST('/v1/invoices/{id}/void', { params, body: { reason } })),
    },
  };
  const { hint, done, run } = commands[command];
  return (
    <ActionDialog
      opened
      dangerous={command === 'void' || command === 'uncollectible'}
      title={t[command]}
      confirm={t[command]}
      done={done}
      invalidates={MONEY_QUERIES}
      onClose={props.onClose}
      run={run}
    >
      <Text size="sm">{hint}</Text>
      {command === 'credit' && (
        <>
          <AmountInput
            label={t.amount}
            description={t.amountMax(formats.money(creditable, invoice.currency))}
            currency={invoice.currency}
            value={amount}
            max={creditable}
            onChange={setAmount}
          />
          <Select
            label={t.creditTo}
            data={[
              { value: 'refund', label: t.creditToRefund },
              { value: 'balance', label: t.creditToBalance },
            ]}
            value={to}
            onChange={(value) => value && setTo(value)}
            allowDeselect={false}
          />
        </>
      )}
      {command === 'markPaid' && (
        <TextInput
          label={t.reference}
          value={reference}
          onChange={(event) => setReference(event.currentTarget.value)}
          required
        />
      )}
      {command !== 'collect' && (
        <TextInput
          label={common.reason}
          description={common.reasonHint}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          required
        />
      )}
    </ActionDialog>
  );
}
