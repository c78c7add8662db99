import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { Choice } from '../parts/choice';
import { NumberField } from '../parts/number-field';
import { termTexts } from './term-texts';
import type { Grant } from './terms';

type Rule = Pick<Grant, 'windowCount' | 'windowAnchor'>;

interface WindowFieldsProps {
  window: Grant['every'];
  rule: Rule;
  onChange: (change: Rule & { window: Grant['every'] }) => void;
  errors: Record<string, string>;
  /** Prefix of the paths in `errors`. */
  prefix?: string;
  /** Name of the member that has the unit. */
  member: 'window' | 'every';
}

/** Unit, count and anchor of a window. Windows of the billing period, and those without end, have the unit only. */
export function WindowFields({ window, rule, onChange, errors, prefix = '', member }: WindowFieldsProps): ReactNode {
  const t = useTexts(termTexts);
  const hasRule = window !== 'none' && window !== 'billing_period';
  const { windowCount, windowAnchor } = rule;
  return (
    <>
      <Choice
        label={t.window}
        options={t.windows}
        value={window}
        onChange={(chosen) => onChange({ window: chosen, windowCount: undefined, windowAnchor: undefined })}
        error={errors[`${prefix}${member}`]}
      />
      {hasRule && (
        <>
          <NumberField
            label={t.windowCount}
            min={1}
            value={windowCount ?? 1}
            onChange={(count) => onChange({ window, windowAnchor, windowCount: count })}
            error={errors[`${prefix}windowCount`]}
          />
          <Choice
            label={t.windowAnchor}
            options={t.windowAnchors}
            value={windowAnchor ?? 'calendar'}
            onChange={(anchor) => onChange({ window, windowCount, windowAnchor: anchor })}
            error={errors[`${prefix}windowAnchor`]}
          />
        </>
      )}
    </>
  );
}
