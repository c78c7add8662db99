import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { bodyOf, Loaded, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { OWN, useVisit } from '../session/visit';
import { Page } from '../shell/page';
import { detailsTexts } from './details-texts';
import { ProfileForm } from './profile-form';

/** Name, address and tax id on the invoices. */
export function Details(): ReactNode {
  const t = useTexts(detailsTexts);
  const { api } = useVisit();
  const profile = useQuery({
    queryKey: ['billing-profile'],
    queryFn: () => bodyOf(api.GET('/v1/customers/{customer}/billing-profile', { params: { path: OWN } })),
    refetchOnWindowFocus: false,
  });
  return (
    <Page title={t.title}>
      <Text>{t.hint}</Text>
      <Loaded query={profile}>{(found) => <ProfileForm key={found.version} profile={found} />}</Loaded>
    </Page>
  );
}
