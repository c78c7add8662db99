import { Alert, Button, Group, NativeSelect, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { components } from '@tollgate/schema';
import { ApiError, bodyOf, commonTexts, ErrorState, LanguageContext, useTexts } from '@tollgate/web';
import { type FormEvent, type ReactNode, useContext } from 'react';
import { OWN, useVisit } from '../session/visit';
import { countryOptions } from './countries';
import { detailsTexts } from './details-texts';

type Profile = components['schemas']['BillingProfileDto'];
type Given = components['schemas']['PutBillingProfileDto'];

/** Text of a field, or null when it is empty. */
const textOf = (fields: FormData, name: string): string | null => (fields.get(name) as string).trim() || null;

/** The profile of the form. Terms of the seller, such as the tax exemption, are left out: they stay as they are. */
function given(fields: FormData): Given {
  const text = (name: string): string | null => textOf(fields, name);
  const country = text('address.country');
  return {
    name: text('name') ?? '',
    email: text('email'),
    taxId: text('taxId'),
    language: text('language') as Given['language'],
    address: country
      ? {
          line1: text('address.line1') ?? '',
          line2: text('address.line2'),
          postalCode: text('address.postalCode') ?? '',
          city: text('address.city') ?? '',
          region: text('address.region'),
          country,
        }
      : null,
  };
}

export function ProfileForm({ profile }: { profile: Profile }): ReactNode {
  const t = useTexts(detailsTexts);
  const common = useTexts(commonTexts);
  const { api } = useVisit();
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: (body: Given) => {
      const params = { path: OWN, header: { 'If-Match': `"${profile.version}"` } };
      return bodyOf(api.PUT('/v1/customers/{customer}/billing-profile', { params, body }));
    },
    onSuccess: (saved) => {
      notifications.show({ message: t.saved, color: 'teal' });
      queries.setQueryData(['billing-profile'], saved);
    },
    onError: (error) => {
      if (!(error instanceof ApiError) || error.status !== 412) return;
      notifications.show({ message: t.stale, color: 'orange' });
      void queries.invalidateQueries({ queryKey: ['billing-profile'] });
    },
  });
  const errors = save.error instanceof ApiError ? save.error.fieldErrors : {};
  const isBesideFields = Object.keys(errors).length > 0;
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    save.mutate(given(new FormData(event.currentTarget)));
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack maw={560}>
        <ProfileFields profile={profile} errors={errors} />
        {save.isError && !isBesideFields && <ErrorState error={save.error} />}
        {isBesideFields && (
          <Alert color="red" role="alert">
            {save.error!.message}
          </Alert>
        )}
        <Group>
          <Button type="submit" loading={save.isPending}>
            {common.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function ProfileFields({ profile, errors }: { profile: Profile; errors: Record<string, string> }): ReactNode {
  const t = useTexts(detailsTexts);
  const { language } = useContext(LanguageContext);
  const { address } = profile;
  const field = (name: string, value: string | null | undefined) => ({
    name,
    defaultValue: value ?? '',
    error: errors[name],
  });
  return (
    <>
      <TextInput {...field('name', profile.name)} label={t.name} required autoComplete="organization" />
      <TextInput {...field('address.line1', address?.line1)} label={t.line1} autoComplete="address-line1" />
      <TextInput {...field('address.line2', address?.line2)} label={t.line2} autoComplete="address-line2" />
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput
          {...field('address.postalCode', address?.postalCode)}
          label={t.postalCode}
          autoComplete="postal-code"
        />
        <TextInput {...field('address.city', address?.city)} label={t.city} autoComplete="address-level2" />
        <TextInput {...field('address.region', address?.region)} label={t.region} autoComplete="address-level1" />
        <NativeSelect
          {...field('address.country', address?.country)}
          label={t.country}
          data={[{ value: '', label: t.noCountry }, ...countryOptions(language)]}
          autoComplete="country"
        />
      </SimpleGrid>
      <TextInput {...field('taxId', profile.taxId)} label={t.taxId} description={t.taxIdHint} />
      <TextInput {...field('email', profile.email)} label={t.email} type="email" autoComplete="email" />
      <NativeSelect
        {...field('language', profile.language)}
        label={t.language}
        data={[
          { value: '', label: t.languages.none },
          { value: 'en', label: t.languages.en },
          { value: 'de', label: t.languages.de },
        ]}
      />
    </>
  );
}
