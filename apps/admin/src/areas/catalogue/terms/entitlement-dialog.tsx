import { SimpleGrid, Switch, TextInput } from '@mantine/core';
import { useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { Choice } from '../parts/choice';
import { NumberField } from '../parts/number-field';
import { MeteredFields } from './metered-fields';
import { TermDialog } from './term-dialog';
import { termTexts } from './term-texts';
import type { TermFieldsProps } from './term-fields-props';
import type { Entitlement, Grant } from './terms';
import { WindowFields } from './window-fields';

interface EntitlementDialogProps {
  entitlement: Entitlement;
  /** Name of the feature. */
  name: string;
  currency: string;
  errors: Record<string, string>;
  onApply: (entitlement: Entitlement) => void;
  onClose: () => void;
}

/** Edits the terms of one feature in a draft. */
export function EntitlementDialog(props: EntitlementDialogProps): ReactNode {
  const [entitlement, setEntitlement] = useState(props.entitlement);
  const set = (change: Partial<Entitlement>): void => setEntitlement((now) => ({ ...now, ...change }));
  const fields = { entitlement, set, errors: props.errors };
  return (
    <TermDialog title={props.name} onClose={props.onClose} apply={() => props.onApply(entitlement)}>
      {entitlement.type === 'boolean' && <SwitchField {...fields} />}
      {entitlement.type === 'static' && <ValueFields {...fields} />}
      {entitlement.type === 'metered' && <MeteredFields {...fields} currency={props.currency} />}
      {entitlement.type === 'credit' && entitlement.grant && (
        <GrantFields grant={entitlement.grant} set={(grant) => set({ grant })} errors={props.errors} />
      )}
    </TermDialog>
  );
}

function SwitchField({ entitlement, set }: TermFieldsProps): ReactNode {
  const t = useTexts(termTexts);
  return (
    <Switch
      label={t.switches.on}
      checked={entitlement.value === true}
      onChange={({ currentTarget }) => set({ value: currentTarget.checked })}
    />
  );
}

const EMPTY_VALUES = { text: '', number: 0, boolean: true } as const;

function ValueFields({ entitlement, set, errors }: TermFieldsProps): ReactNode {
  const t = useTexts(termTexts);
  const { value } = entitlement;
  const kind = typeof value === 'number' || typeof value === 'boolean' ? typeof value : 'text';
  return (
    <>
      <Choice
        label={t.valueKind}
        options={t.valueKinds}
        value={kind as keyof typeof EMPTY_VALUES}
        onChange={(chosen) => set({ value: EMPTY_VALUES[chosen] })}
      />
      {kind === 'text' && (
        <TextInput
          label={t.value}
          value={String(value ?? '')}
          onChange={({ currentTarget }) => set({ value: currentTarget.value })}
          error={errors.value}
        />
      )}
      {kind === 'number' && (
        <NumberField
          label={t.value}
          allowDecimal
          allowNegative
          min={undefined}
          value={value as number}
          onChange={(number) => set({ value: number ?? 0 })}
          error={errors.value}
        />
      )}
      {kind === 'boolean' && <SwitchField entitlement={entitlement} set={set} errors={errors} />}
    </>
  );
}

interface GrantFieldsProps {
  grant: Grant;
  set: (grant: Grant) => void;
  errors: Record<string, string>;
}

function GrantFields({ grant, set, errors }: GrantFieldsProps): ReactNode {
  const t = useTexts(termTexts);
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <NumberField
        label={t.quantity}
        required
        value={grant.quantity}
        onChange={(quantity) => set({ ...grant, quantity: quantity ?? 0 })}
        error={errors['grant.quantity'] ?? errors.grant}
      />
      <NumberField
        label={t.rolloverMax}
        description={t.optional}
        value={grant.rolloverMax}
        onChange={(rolloverMax) => set({ ...grant, rolloverMax })}
        error={errors['grant.rolloverMax']}
      />
      <WindowFields
        window={grant.every}
        rule={grant}
        onChange={({ window, ...rule }) => set({ ...grant, ...rule, every: window })}
        errors={errors}
        prefix="grant."
        member="every"
      />
    </SimpleGrid>
  );
}
