import { Group, Radio } from '@mantine/core';
import { useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { actionTexts } from './action-texts';
import type { When } from './commands';

interface TimeChoiceProps {
  times: When[];
  value: When;
  onChange: (when: When) => void;
}

/** When a command takes effect. */
export function TimeChoice({ times, value, onChange }: TimeChoiceProps): ReactNode {
  const t = useTexts(actionTexts);
  return (
    <Radio.Group label={t.when} value={value} onChange={(chosen) => onChange(chosen)}>
      <Group mt="xs">
        {times.map((time) => (
          <Radio key={time} value={time} label={t.times[time]} />
        ))}
      </Group>
    </Radio.Group>
  );
}
