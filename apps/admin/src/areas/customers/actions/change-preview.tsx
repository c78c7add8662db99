import { Alert, List, Stack, Text } from '@mantine/core';
import type { components } from '@tollgate/schema';
import { useQuery } from '@tanstack/react-query';
import { type Formats, useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { describeEntitlement } from '../../catalogue/terms/describe';
import { termTexts } from '../../catalogue/terms/term-texts';
import type { Entitlement } from '../../catalogue/terms/terms';
import { featuresQuery } from '../customer-reads';
import { actionTexts } from './action-texts';

type Preview = components['schemas']['ChangePreviewDto'];
type Texts = (typeof actionTexts)['en'];

/** Money and entitlements after a change. */
export function ChangePreview({ preview, product }: { preview: Preview; product: string }): ReactNode {
  const t = useTexts(actionTexts);
  const formats = useFormats();
  const { total, nextCharge } = preview;
  return (
    <Stack gap="sm">
      <dl style={{ margin: 0 }}>
        <Fact label={t.effectiveAt} value={formats.dateTime(preview.effectiveAt)} />
        <Fact label={t.dueNow} value={amountText(total, t, formats)} />
        <Fact
          label={t.nextCharge}
          value={nextCharge ? t.chargeAt(amountText(nextCharge, t, formats), formats.date(nextCharge.at)) : t.none}
        />
      </dl>
      <EntitlementChanges changes={preview.entitlements} product={product} />
    </Stack>
  );
}

function amountText({ amount, currency }: Preview['total'], t: Texts, formats: Formats): string {
  const text = formats.money(Math.abs(amount), currency);
  return amount < 0 ? t.credit(text) : text;
}

function Fact({ label, value }: { label: string; value: string }): ReactNode {
  return (
    <div>
      <Text size="xs" c="dimmed" component="dt">
        {label}
      </Text>
      <Text component="dd" m={0} mb="xs" fw={500}>
        {value}
      </Text>
    </div>
  );
}

function EntitlementChanges({ changes, product }: { changes: Preview['entitlements']; product: string }): ReactNode {
  const t = useTexts(actionTexts);
  const terms = useTexts(termTexts);
  const formats = useFormats();
  const { data: features } = useQuery(featuresQuery(product));
  const nameOf = (key: string): string => features?.data.find((feature) => feature.key === key)?.name ?? key;
  const describe = (entitlement: Entitlement): string => describeEntitlement(entitlement, terms, formats).join(', ');
  const lineOf = (entitlement: Entitlement): string => `${nameOf(entitlement.feature)}: ${describe(entitlement)}`;
  const groups = [
    { title: t.entitlements.gained, lines: changes.gained.map(lineOf) },
    { title: t.entitlements.lost, lines: changes.lost.map(lineOf) },
    {
      title: t.entitlements.changed,
      lines: changes.changed.map(
        ({ feature, before, after }) => `${nameOf(feature)}: ${t.fromTo(describe(before), describe(after))}`,
      ),
    },
  ].filter(({ lines }) => lines.length > 0);
  return (
    <>
      {changes.overLimit.length > 0 && (
        <Alert color="orange" title={t.overLimit} styles={{ title: { color: 'var(--mantine-color-text)' } }}>
          {changes.overLimit.map(({ feature, used, limit }) => (
            <Text key={feature} size="sm">
              {t.used(nameOf(feature), formats.number(used), formats.number(limit))}
            </Text>
          ))}
        </Alert>
      )}
      {groups.length === 0 && <Text size="sm">{t.sameEntitlements}</Text>}
      {groups.map(({ title, lines }) => (
        <div key={title}>
          <Text size="sm" fw={600}>
            {title}
          </Text>
          <List size="sm" aria-label={title}>
            {lines.map((line) => (
              <List.Item key={line}>{line}</List.Item>
            ))}
          </List>
        </div>
      ))}
    </>
  );
}
