import { useMantineTheme } from '@mantine/core';
import { useFormats } from '@tollgate/web';
import type { ReactNode } from 'react';
import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { Step, UsageSeries } from './usage-reads';

const HEIGHT_PX = 260;
const BAR_PX: Record<Step, number> = { hour: 6, day: 12, month: 28 };

interface UsageChartProps {
  series: UsageSeries;
  by: Step;
  label: string;
  /** Text of the start of a step. */
  stepText: (start: string) => string;
}

/** Units of each step on a line of time; steps without usage are gaps. */
export function UsageChart({ series, by, label, stepText }: UsageChartProps): ReactNode {
  const formats = useFormats();
  const { colors } = useMantineTheme();
  const at = (instant: string): number => new Date(instant).getTime();
  const text = (time: unknown): string => stepText(new Date(time as number).toISOString());
  return (
    <div role="img" aria-label={label}>
      <ResponsiveContainer width="100%" height={HEIGHT_PX}>
        <BarChart
          data={series.data.map(({ start, quantity }) => ({ at: at(start), quantity }))}
          accessibilityLayer={false}
        >
          <CartesianGrid strokeDasharray="3 3" vertical={false} stroke="var(--mantine-color-default-border)" />
          <XAxis
            dataKey="at"
            type="number"
            scale="time"
            domain={[at(series.from), at(series.to)]}
            padding={{ left: BAR_PX[by], right: BAR_PX[by] }}
            tickFormatter={text}
            stroke="var(--mantine-color-text)"
            fontSize={12}
          />
          <YAxis width={60} tickFormatter={formats.compact} stroke="var(--mantine-color-text)" fontSize={12} />
          <Tooltip
            formatter={(value) => [formats.number(Number(value)), series.feature]}
            labelFormatter={text}
            contentStyle={{
              background: 'var(--mantine-color-body)',
              borderColor: 'var(--mantine-color-default-border)',
            }}
          />
          <Bar dataKey="quantity" fill={colors.indigo[5]} barSize={BAR_PX[by]} isAnimationActive={false} />
        </BarChart>
      </ResponsiveContainer>
    </div>
  );
}
