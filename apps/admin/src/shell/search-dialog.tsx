import { Combobox, Group, Stack, Text, TextInput, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { components } from '@tollgate/schema';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { bodyOf, ErrorState, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { api } from './session';
import { shellTexts } from './shell-texts';

type Hit = components['schemas']['SearchHitDto'];

const TYPING_MS = 150;
const HITS_PER_TYPE = 5;

/** Screen of a hit. */
const TARGETS: Record<Hit['type'], (hit: Hit) => string> = {
  customer: ({ key }) => `/customers/${encodeURIComponent(key)}`,
  subscription: ({ customer }) => `/customers/${encodeURIComponent(customer ?? '')}`,
  invoice: ({ id }) => `/invoices/${id}`,
  plan: ({ key }) => `/catalogue/plans/${encodeURIComponent(key)}`,
  feature: () => '/catalogue/features',
  add_on: () => '/catalogue/add-ons',
  coupon: () => '/catalogue/coupons',
};

/** Finds customers, invoices and other objects; arrows choose a hit, Enter opens it. */
export function SearchDialog({ onFound }: { onFound: () => void }): ReactNode {
  const t = useTexts(shellTexts);
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [wanted] = useDebouncedValue(text.trim(), TYPING_MS);
  const combobox = useCombobox({ opened: true });
  const hits = useQuery({
    queryKey: ['search', wanted],
    queryFn: () => bodyOf(api.GET('/v1/search', { params: { query: { q: wanted, limit: HITS_PER_TYPE } } })),
    enabled: wanted !== '',
    placeholderData: keepPreviousData,
  });
  const found = wanted === '' ? [] : (hits.data?.data ?? []);
  const open = (id: string): void => {
    const hit = found.find((one) => one.id === id);
    if (!hit) return;
    onFound();
    // Another product than the chosen one only for an object of that product.
    void navigate({ to: TARGETS[hit.type](hit), search: hit.product ? { product: hit.product } : {} });
  };
  return (
    <Combobox store={combobox} onOptionSubmit={open}>
      <Stack>
        <Combobox.EventsTarget>
          <TextInput
            label={t.searchHint}
            data-autofocus
            value={text}
            onChange={({ currentTarget }) => {
              setText(currentTarget.value);
              combobox.resetSelectedOption();
            }}
          />
        </Combobox.EventsTarget>
        {hits.isError && <ErrorState error={hits.error} />}
        <Combobox.Options aria-label={t.searchHits}>
          {found.map((hit) => (
            <Combobox.Option value={hit.id} key={`${hit.type}${hit.id}`}>
              <HitText hit={hit} />
            </Combobox.Option>
          ))}
          {wanted !== '' && hits.isSuccess && found.length === 0 && <Combobox.Empty>{t.nothingFound}</Combobox.Empty>}
        </Combobox.Options>
      </Stack>
    </Combobox>
  );
}

function HitText({ hit }: { hit: Hit }): ReactNode {
  const t = useTexts(shellTexts);
  const { title, subtitle, type, key } = hit;
  return (
    <Group justify="space-between" gap="xs" wrap="nowrap">
      <div>
        <Text size="sm" fw={600}>
          {title}
        </Text>
        <Text size="xs">{[key === title ? null : key, subtitle].filter(Boolean).join(' · ')}</Text>
      </div>
      <Text size="xs">{t.objects[type]}</Text>
    </Group>
  );
}
