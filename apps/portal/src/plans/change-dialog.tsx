import { NumberInput, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ActionDialog, bodyOf, Loaded, useFormats, useTexts } from '@tollgate/web';
import { type ReactNode, useState } from 'react';
import { useVisit } from '../session/visit';
import { AFTER_CHANGES, type Subscription } from '../shell/reads';
import { amountNow, ChangeEffect } from './change-effect';
import type { Offer } from './offers';
import { planTexts } from './plan-texts';

interface ChangeDialogProps {
  current: Subscription;
  offer: Offer;
  onClose: () => void;
}

/** Shows the effect of a change of plan, and confirms it. */
export function ChangeDialog({ current, offer: { plan, price }, onClose }: ChangeDialogProps): ReactNode {
  const t = useTexts(planTexts);
  const { date, money } = useFormats();
  const { api } = useVisit();
  const [when, setWhen] = useState<'now' | 'period_end'>('now');
  const [quantity, setQuantity] = useState(current.quantity);
  const { id, version, currentPeriodEnd } = current;
  const { interval, intervalCount } = price;
  const hasQuantity = current.quantity > 1 || Boolean(price.tiers);
  const body = { plan: plan.key, interval, intervalCount, when, ...(hasQuantity ? { quantity } : {}) };
  const preview = useQuery({
    queryKey: ['change-preview', id, version, body],
    queryFn: () => bodyOf(api.POST('/v1/subscriptions/{id}/preview-change', { params: { path: { id } }, body })),
  });
  const change = () => {
    const header = { 'Idempotency-Key': crypto.randomUUID(), 'If-Match': `"${version}"` };
    return bodyOf(api.POST('/v1/subscriptions/{id}/change', { params: { path: { id }, header }, body }));
  };
  const due = preview.data ? amountNow(preview.data, when) : null;
  return (
    <ActionDialog
      title={t.dialogTitle(plan.name)}
      confirm={due && due.amount > 0 ? t.confirmPaid(money(due.amount, due.currency)) : t.confirm}
      opened
      onClose={onClose}
      run={change}
      done={t.done}
      invalidates={AFTER_CHANGES}
      disabled={!preview.isSuccess}
      size="lg"
    >
      {currentPeriodEnd && (
        <SegmentedControl
          aria-label={t.when}
          value={when}
          onChange={(value) => setWhen(value)}
          data={[
            { value: 'now', label: t.now },
            { value: 'period_end', label: t.periodEnd(date(currentPeriodEnd)) },
          ]}
        />
      )}
      {hasQuantity && (
        <NumberInput
          label={t.quantity}
          min={1}
          allowDecimal={false}
          value={quantity}
          onChange={(value) => setQuantity(Number(value) || 1)}
        />
      )}
      <Loaded query={preview}>{(effect) => <ChangeEffect effect={effect} when={when} />}</Loaded>
    </ActionDialog>
  );
}
