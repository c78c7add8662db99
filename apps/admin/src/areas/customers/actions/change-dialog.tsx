import { SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { bodyOf, Loaded, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { ActionDialog } from '../../../shell/action-dialog';
import { api } from '../../../shell/session';
import { useFieldErrors } from '../allowances/use-field-errors';
import type { Subscription } from '../customer-reads';
import { actionTexts } from './action-texts';
import { ChangePreview } from './change-preview';
import { timesOf, type When } from './commands';
import { OfferFields, type Offer } from './offer-fields';
import { OptionalReason } from './optional-reason';
import { TimeChoice } from './time-choice';
import { type CommandDialogProps, readsOf, useCommandParams } from './use-command';

/** A preview is read when the input has been still for this time. */
const SETTLED_MS = 300;

const soldOffer = ({ plan, price, quantity }: Subscription): Offer => ({
  plan: plan.key,
  interval: price.interval,
  intervalCount: price.intervalCount,
  quantity,
});

/** Changes plan, interval or quantity; its effect is shown beside the fields. */
export function ChangeDialog({ subscription, onClose }: CommandDialogProps): ReactNode {
  const t = useTexts(actionTexts);
  const params = useCommandParams(subscription);
  const times = timesOf(subscription);
  const [offer, setOffer] = useState(() => soldOffer(subscription));
  const [when, setWhen] = useState<When>('now');
  const [reason, setReason] = useState('');
  const [errors, watch] = useFieldErrors();
  const terms = { ...offer, when };
  const [settled] = useDebouncedValue(JSON.stringify(terms), SETTLED_MS);
  const isSettled = settled === JSON.stringify(terms);
  const isChanged = JSON.stringify(offer) !== JSON.stringify(soldOffer(subscription)) && offer.quantity > 0;
  const preview = useQuery({
    queryKey: ['preview-change', subscription.id, subscription.version, settled],
    queryFn: () => {
      const path = { id: subscription.id };
      return bodyOf(api.POST('/v1/subscriptions/{id}/preview-change', { params: { path }, body: JSON.parse(settled) }));
    },
    enabled: isChanged && isSettled,
    staleTime: 0,
    gcTime: 0,
  });
  const change = () =>
    watch(() =>
      bodyOf(api.POST('/v1/subscriptions/{id}/change', { params, body: { ...terms, reason: reason || undefined } })),
    );
  return (
    <ActionDialog
      opened
      size="xl"
      title={t.commands.change}
      confirm={t.commands.change}
      dismiss={t.keep}
      done={t.done.change}
      invalidates={readsOf(subscription.customer)}
      disabled={!isChanged || !isSettled || !preview.isSuccess}
      onClose={onClose}
      run={change}
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
        <Stack>
          <OfferFields
            product={subscription.product}
            currency={subscription.price.currency}
            offer={offer}
            onChange={setOffer}
            errors={errors}
          />
          <TimeChoice times={times} value={when} onChange={setWhen} />
          <OptionalReason value={reason} onChange={setReason} error={errors['reason']} />
        </Stack>
        <Stack component="section" aria-label={t.preview} aria-live="polite" gap="sm">
          <Title order={3} size="h5">
            {t.preview}
          </Title>
          {!isChanged && <Text size="sm">{t.previewHint}</Text>}
          {isChanged && (
            <Loaded query={preview}>
              {(effect) => <ChangePreview preview={effect} product={subscription.product} />}
            </Loaded>
          )}
        </Stack>
      </SimpleGrid>
    </ActionDialog>
  );
}
