import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import type { ChangePreview, PlanChoice } from './requests';
import { useClass, useTollgate } from './tollgate-provider';

export interface PlanChangeProps {
  choice: PlanChoice;
  /** Immediately with proration, or with the next period. */
  when?: 'now' | 'period_end';
  onDone?: () => void;
  onCancel?: () => void;
}

/** Shows what a change of plan costs and changes, and makes it when the customer confirms. */
export function PlanChange({ choice, when = 'now', onDone, onCancel }: PlanChangeProps): ReactElement | null {
  const { requests, queries, texts } = useTollgate();
  const name = useClass();
  const [key] = useState(() => crypto.randomUUID());
  const subscription = useQuery({ queryKey: ['subscription'], queryFn: () => requests.subscription() }, queries);
  const id = subscription.data?.id;
  const change = { ...choice, when };
  const preview = useQuery(
    {
      queryKey: ['preview', id, change],
      queryFn: () => requests.previewChange(id!, change),
      enabled: id !== undefined,
    },
    queries,
  );
  const command = useMutation(
    {
      mutationFn: () => requests.change(id!, change, key),
      onSuccess: async () => {
        await Promise.all([
          queries.invalidateQueries({ queryKey: ['entitlements'] }),
          queries.invalidateQueries({ queryKey: ['subscription'] }),
        ]);
        onDone?.();
      },
    },
    queries,
  );
  const error = subscription.error ?? preview.error ?? command.error;
  if (command.isSuccess) return <p role="status">{texts.changed}</p>;
  return (
    <section className={name('change')} aria-label={texts.confirm}>
      {error && <p role="alert">{error.message}</p>}
      {preview.data ? <Effects preview={preview.data} /> : !error && <p role="status">{texts.loading}</p>}
      <div className={name('change-actions')}>
        {onCancel && (
          <button type="button" onClick={onCancel}>
            {texts.cancel}
          </button>
        )}
        <button type="button" disabled={!preview.data || command.isPending} onClick={() => command.mutate()}>
          {texts.confirm}
        </button>
      </div>
    </section>
  );
}

function Effects({ preview }: { preview: ChangePreview }): ReactElement {
  const { texts, formats } = useTollgate();
  const { total, nextCharge, entitlements, effectiveAt } = preview;
  const amount = formats.money(Math.abs(total.amount), total.currency);
  const limitText = (limit: number | null): string => (limit === null ? texts.unlimited : formats.number(limit));
  const lists: [string, string[]][] = [
    [texts.gained, entitlements.gained.map(({ feature }) => feature)],
    [texts.lost, entitlements.lost.map(({ feature }) => feature)],
  ];
  return (
    <>
      <p>{texts.effective(formats.date(effectiveAt))}</p>
      <p>{total.amount === 0 ? texts.nothingNow : total.amount > 0 ? texts.dueNow(amount) : texts.creditNow(amount)}</p>
      {nextCharge && (
        <p>{texts.nextCharge(formats.money(nextCharge.amount, nextCharge.currency), formats.date(nextCharge.at))}</p>
      )}
      {lists
        .filter(([, features]) => features.length > 0)
        .map(([title, features]) => (
          <div key={title}>
            <strong>{title}</strong>
            <ul>
              {features.map((feature) => (
                <li key={feature}>{feature}</li>
              ))}
            </ul>
          </div>
        ))}
      {entitlements.overLimit.map(({ feature, used, limit }) => (
        <p key={feature} role="alert">
          {texts.overLimit(feature, formats.number(used), limitText(limit))}
        </p>
      ))}
    </>
  );
}
