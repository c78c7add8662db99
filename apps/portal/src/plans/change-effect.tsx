import { Alert, List, Stack, Text, Title } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { Amounts } from '../shell/amounts';
import { useTerms } from '../shell/terms';
import { planTexts } from './plan-texts';

type Effect = components['schemas']['ChangePreviewDto'];
type When = 'now' | 'period_end';

/** The invoice of the change itself: one that is issued when the change takes effect. */
const invoiceNow = ({ invoice, effectiveAt }: Effect, when: When): Effect['invoice'] =>
  when === 'now' && invoice && invoice.billedAt <= effectiveAt ? invoice : null;

/** Amount that is charged immediately; null: nothing, or billing is off for the product. */
export function amountNow(effect: Effect, when: When): Effect['total'] | null {
  const invoice = invoiceNow(effect, when);
  return invoice && { amount: invoice.due, currency: invoice.currency };
}

/** The money, the entitlements and the limits that a change changes. */
export function ChangeEffect({ effect, when }: { effect: Effect; when: When }): ReactNode {
  return (
    <Stack gap="md">
      <OverLimits effect={effect} />
      <Money effect={effect} when={when} />
      <Entitlements effect={effect} />
    </Stack>
  );
}

function Money({ effect, when }: { effect: Effect; when: When }): ReactNode {
  const t = useTexts(planTexts);
  const { money, date } = useFormats();
  const invoice = invoiceNow(effect, when);
  const { nextCharge, total } = effect;
  return (
    <>
      <Part title={t.moneyNow}>
        {invoice && <Amounts invoice={invoice} />}
        {!invoice && total.amount === 0 && <Text size="sm">{t.nothingNow}</Text>}
        {!invoice && total.amount !== 0 && (
          <Text size="sm">
            {total.amount > 0
              ? t.netNow(money(total.amount, total.currency))
              : t.creditNow(money(-total.amount, total.currency))}{' '}
            {effect.invoice && t.onNext}
          </Text>
        )}
      </Part>
      <Part title={t.later}>
        <Text size="sm">
          {nextCharge ? t.nextCharge(money(nextCharge.amount, nextCharge.currency), date(nextCharge.at)) : t.noCharge}
        </Text>
      </Part>
    </>
  );
}

function Entitlements({ effect: { entitlements } }: { effect: Effect }): ReactNode {
  const t = useTexts(planTexts);
  const { entitlement } = useTerms();
  const changes = entitlements.changed
    .map(({ before, after }) => [entitlement(before), entitlement(after)] as const)
    .filter(([before, after]) => before !== after)
    .map(([before, after]) => t.fromTo(before, after));
  const parts: [string, string[]][] = [
    [t.gained, entitlements.gained.map(entitlement)],
    [t.lost, entitlements.lost.map(entitlement)],
    [t.changed, changes],
  ];
  return parts
    .filter(([, texts]) => texts.length > 0)
    .map(([title, texts]) => (
      <Part key={title} title={title}>
        <List size="sm">
          {texts.map((text) => (
            <List.Item key={text}>{text}</List.Item>
          ))}
        </List>
      </Part>
    ));
}

function OverLimits({ effect: { entitlements } }: { effect: Effect }): ReactNode {
  const t = useTexts(planTexts);
  const { number } = useFormats();
  const { feature } = useTerms();
  if (entitlements.overLimit.length === 0) return null;
  return (
    <Alert color="orange" title={t.overTitle}>
      <List size="sm">
        {entitlements.overLimit.map((one) => (
          <List.Item key={one.feature}>{t.over(feature(one.feature), number(one.used), number(one.limit))}</List.Item>
        ))}
      </List>
      <Text size="sm">{t.overText}</Text>
    </Alert>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <Stack gap={4} component="section">
      <Title order={3} size="h5">
        {title}
      </Title>
      {children}
    </Stack>
  );
}
