import { Button, SimpleGrid, Switch, Text, TextInput } from '@mantine/core';
import { bodyOf, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { api } from '../../../shell/session';
import { useChosenProduct } from '../parts/access';
import { Choice } from '../parts/choice';
import { EditDialog } from '../parts/edit-dialog';
import { NumberField } from '../parts/number-field';
import type { Billing } from './billing';
import { SellerFields } from './seller-fields';
import { SettingsForm } from './settings-form';
import { settingsTexts } from './settings-texts';

interface FieldsProps {
  draft: Billing;
  set: (change: Partial<Billing>) => void;
  errors: Record<string, string>;
}

/** All billing settings: saving replaces them, and switches billing on. */
export function BillingForm({ stored, isOn = false }: { stored: Billing; isOn?: boolean }): ReactNode {
  const t = useTexts(settingsTexts);
  const key = useChosenProduct();
  const [draft, setDraft] = useState(stored);
  const [retryDays, setRetryDays] = useState(stored.dunning.retryDays.join(', '));
  const [closing, setClosing] = useState(false);
  const set = (change: Partial<Billing>): void => setDraft((now) => ({ ...now, ...change }));
  const save = (): Promise<unknown> => {
    const days = retryDays.split(',').flatMap((day) => (day.trim() ? [Number(day)] : []));
    const { seller, dunning } = draft;
    const body = {
      ...draft,
      dunning: { ...dunning, retryDays: days },
      seller: { ...seller, name: seller.name || undefined },
    };
    return bodyOf(api.PUT('/v1/products/{key}/billing', { params: { path: { key } }, body }));
  };
  const off = (
    <Button variant="default" onClick={() => setClosing(true)}>
      {t.switchOff}
    </Button>
  );
  return (
    <>
      <SettingsForm save={save} invalidates={['catalogue', key, 'billing']} shown={isShown} actions={isOn && off}>
        {(errors) => (
          <>
            <CollectionFields draft={draft} set={set} errors={errors} />
            <DunningFields draft={draft} set={set} errors={errors} retryDays={retryDays} setRetryDays={setRetryDays} />
            <InvoiceFields draft={draft} set={set} errors={errors} />
            <SellerFields seller={draft.seller} set={(seller) => set({ seller })} errors={errors} />
          </>
        )}
      </SettingsForm>
      {closing && <SwitchOff onClose={() => setClosing(false)} />}
    </>
  );
}

/** Every field of the form but lists with wrong members, whose paths have a number. */
const isShown = (field: string): boolean => !/\.\d+$/.test(field);

function SwitchOff({ onClose }: { onClose: () => void }): ReactNode {
  const t = useTexts(settingsTexts);
  const key = useChosenProduct();
  return (
    <EditDialog
      title={t.switchOff}
      submit={t.switchOff}
      danger
      onClose={onClose}
      save={() => bodyOf(api.DELETE('/v1/products/{key}/billing', { params: { path: { key } } }))}
      invalidates={['catalogue', key, 'billing']}
      saved={t.switchedOff}
    >
      {() => <Text>{t.switchOffEffect}</Text>}
    </EditDialog>
  );
}

function CollectionFields({ draft, set, errors }: FieldsProps): ReactNode {
  const t = useTexts(settingsTexts);
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <Choice
        label={t.provider}
        options={t.providers}
        value={draft.provider}
        onChange={(provider) => set({ provider })}
        error={errors.provider}
      />
      <Choice
        label={t.prorationBilling}
        options={t.prorationBillings}
        value={draft.prorationBilling}
        onChange={(prorationBilling) => set({ prorationBilling })}
        error={errors.prorationBilling}
      />
      <NumberField
        label={t.usageGraceHours}
        required
        value={draft.usageGraceHours}
        onChange={(hours) => set({ usageGraceHours: hours ?? 0 })}
        error={errors.usageGraceHours}
      />
      <NumberField
        label={t.netDays}
        required
        value={draft.netDays}
        onChange={(days) => set({ netDays: days ?? 0 })}
        error={errors.netDays}
      />
      <Choice
        label={t.cancellationCredit}
        options={t.cancellationCredits}
        value={draft.cancellationCredit}
        onChange={(cancellationCredit) => set({ cancellationCredit })}
        error={errors.cancellationCredit}
      />
      <Switch
        mt={{ base: 0, sm: 30 }}
        label={t.zeroInvoices}
        checked={draft.zeroInvoices}
        onChange={({ currentTarget }) => set({ zeroInvoices: currentTarget.checked })}
      />
    </SimpleGrid>
  );
}

interface DunningFieldsProps extends FieldsProps {
  retryDays: string;
  setRetryDays: (days: string) => void;
}

function DunningFields({ draft, set, errors, retryDays, setRetryDays }: DunningFieldsProps): ReactNode {
  const t = useTexts(settingsTexts);
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <TextInput
        label={t.retryDays}
        description={t.retryDaysHint}
        value={retryDays}
        onChange={({ currentTarget }) => setRetryDays(currentTarget.value)}
        error={errors['dunning.retryDays']}
      />
      <NumberField
        label={t.pastDueGraceDays}
        description={t.pastDueGraceHint}
        required
        value={draft.pastDueGraceDays}
        onChange={(days) => set({ pastDueGraceDays: days ?? 0 })}
        error={errors.pastDueGraceDays}
      />
      <Choice
        label={t.finally}
        options={t.finallies}
        value={draft.dunning.finally}
        onChange={(last) => set({ dunning: { ...draft.dunning, finally: last } })}
        error={errors['dunning.finally']}
      />
    </SimpleGrid>
  );
}

function InvoiceFields({ draft, set, errors }: FieldsProps): ReactNode {
  const t = useTexts(settingsTexts);
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }}>
      <TextInput
        label={t.invoiceNumberFormat}
        description={t.numberFormatHint}
        required
        value={draft.invoiceNumberFormat}
        onChange={({ currentTarget }) => set({ invoiceNumberFormat: currentTarget.value })}
        error={errors.invoiceNumberFormat}
      />
      <TextInput
        label={t.creditNoteNumberFormat}
        description={t.numberFormatHint}
        required
        value={draft.creditNoteNumberFormat}
        onChange={({ currentTarget }) => set({ creditNoteNumberFormat: currentTarget.value })}
        error={errors.creditNoteNumberFormat}
      />
      <Choice
        label={t.language}
        description={'\u00a0'}
        options={t.languages}
        value={draft.language}
        onChange={(language) => set({ language })}
        error={errors.language}
      />
    </SimpleGrid>
  );
}
