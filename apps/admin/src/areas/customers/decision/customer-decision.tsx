import { Alert, Button, Group, List, Select, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Loaded, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { useCan } from '../../../shell/me';
import { Panel } from '../../../shell/panel';
import { GrantDialog } from '../allowances/grant-dialog';
import { toInstant, toLocal } from '../allowances/instants';
import { customerQuery, featuresQuery } from '../customer-reads';
import { customerTexts } from '../customer-texts';
import { decisionTexts } from '../decision-texts';
import type { CustomerView } from '../customer-search';
import { type Explained, explainedQuery } from './decision-reads';
import { answerOf, factsOf, type Language } from './sentences';

interface CustomerProps {
  customer: string;
  product: string;
}

/** Explains why a feature is, or was, allowed or denied. */
export function CustomerDecision({ customer, product }: CustomerProps): ReactNode {
  const t = useTexts(decisionTexts);
  const { feature, at } = useSearch({ from: '/customers/$key' });
  return (
    <Panel title={t.title} hint={t.hint}>
      <Question product={product} feature={feature} at={at} />
      {feature ? <Answer customer={customer} product={product} feature={feature} at={at} /> : <Text>{t.choose}</Text>}
    </Panel>
  );
}

function Question({ product, feature, at }: { product: string; feature?: string; at?: string }): ReactNode {
  const t = useTexts(decisionTexts);
  const navigate = useNavigate({ from: '/customers/$key' });
  const features = useQuery(featuresQuery(product)).data?.data ?? [];
  const put = (changed: CustomerView): void =>
    void navigate({ search: (now) => ({ ...now, ...changed }), replace: true });
  return (
    <Group align="end">
      <Select
        label={t.feature}
        searchable
        data={features.map(({ key, name }) => ({ value: key, label: name === key ? key : `${name} (${key})` }))}
        value={feature ?? null}
        onChange={(key) => put({ feature: key ?? undefined })}
      />
      <TextInput
        type="datetime-local"
        step={1}
        label={t.at}
        description={t.atHint}
        value={toLocal(at)}
        onChange={({ currentTarget }) => put({ at: toInstant(currentTarget.value) })}
      />
      {at && (
        <Button variant="default" onClick={() => put({ at: undefined })}>
          {t.now}
        </Button>
      )}
    </Group>
  );
}

function Answer(question: CustomerProps & { feature: string; at?: string }): ReactNode {
  const t = useTexts(decisionTexts);
  const { statuses } = useTexts(customerTexts);
  const formats = useFormats();
  const can = useCan();
  const [isGranting, setIsGranting] = useState(false);
  const zone = useQuery(customerQuery(question.customer)).data?.timezone ?? 'UTC';
  const explained = useQuery(explainedQuery(question));
  return (
    <Loaded query={explained}>
      {(data) => (
        <Stack>
          <Explanation explained={data} language={{ t, statuses, formats, zone }} />
          {data.decision.limit !== undefined && can('createGrant') && (
            <Group>
              <Button variant="default" onClick={() => setIsGranting(true)}>
                {t.addGrant}
              </Button>
            </Group>
          )}
          {isGranting && <GrantDialog {...question} onClose={() => setIsGranting(false)} />}
        </Stack>
      )}
    </Loaded>
  );
}

function Explanation({ explained, language }: { explained: Explained; language: Language }): ReactNode {
  const { t } = language;
  const { allowed } = explained.decision;
  return (
    <>
      <Alert
        color={allowed ? 'teal' : 'red'}
        title={allowed ? t.allowed : t.denied}
        styles={{ title: { color: 'var(--mantine-color-text)' } }}
        role="status"
      >
        {answerOf(explained, language).map((sentence) => (
          <Text size="sm" key={sentence}>
            {sentence}
          </Text>
        ))}
      </Alert>
      <Text fw={600} size="sm" id="decision-facts">
        {t.facts}
      </Text>
      <List size="sm" aria-labelledby="decision-facts">
        {factsOf(explained, language).map((fact) => (
          <List.Item key={fact}>{fact}</List.Item>
        ))}
      </List>
    </>
  );
}
