import type { ReactElement } from 'react';
import { useClass, useTollgate } from './tollgate-provider';
import { useEntitlement } from './use-entitlement';

export interface UsageBarProps {
  feature: string;
  /** Name of the feature for people. Default: its key. */
  label?: string;
  className?: string;
}

/** Share of the limit from which the bar warns. */
const WARNING_SHARE = 0.8;

/** Used units of a metered feature against its limit. */
export function UsageBar({ feature, label = feature, className }: UsageBarProps): ReactElement {
  const { texts, formats } = useTollgate();
  const name = useClass();
  const { used = 0, limit, decision, isLoading } = useEntitlement(feature);
  if (isLoading) return <div className={className ?? name('usage')} role="status" aria-label={texts.loading} />;
  if (!decision) return <div className={className ?? name('usage')}>{texts.failed}</div>;
  const text = texts.usage(formats.number(used), typeof limit === 'number' ? formats.number(limit) : texts.unlimited);
  const share = typeof limit === 'number' && limit > 0 ? Math.min(1, used / limit) : limit === 0 ? 1 : 0;
  return (
    <div
      className={className ?? name('usage')}
      data-level={share >= 1 ? 'full' : share >= WARNING_SHARE ? 'warning' : 'ok'}
    >
      <div className={name('usage-head')}>
        <span>{label}</span>
        <span>{text}</span>
      </div>
      <div
        className={name('usage-track')}
        role="meter"
        aria-label={label}
        aria-valuenow={Math.round(share * 100)}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuetext={text}
      >
        <div className={name('usage-fill')} style={{ width: `${share * 100}%` }} />
      </div>
      {decision.resetsAt && <div className={name('usage-foot')}>{texts.resets(formats.date(decision.resetsAt))}</div>}
    </div>
  );
}
