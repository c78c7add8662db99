import { EmptyState, Loaded, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { Page } from '../shell/page';
import { useSubscription } from '../shell/reads';
import { CurrentPlan } from './current-plan';
import { NextInvoice } from './next-invoice';
import { Notices } from './notices';
import { overviewTexts } from './overview-texts';
import { Usage } from './usage';

/** The first page: plan, state, next invoice and usage. */
export function Overview(): ReactNode {
  const t = useTexts(overviewTexts);
  const subscription = useSubscription();
  return (
    <Page title={t.title}>
      <Loaded query={subscription}>
        {(found) =>
          found ? (
            <>
              <Notices subscription={found} />
              <CurrentPlan subscription={found} />
              {!found.endedAt && <NextInvoice subscription={found} />}
              {!found.endedAt && <Usage />}
            </>
          ) : (
            <EmptyState title={t.none}>{t.noneHint}</EmptyState>
          )
        }
      </Loaded>
    </Page>
  );
}
