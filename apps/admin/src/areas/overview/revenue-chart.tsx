import { useMantineTheme } from '@mantine/core';
import { useFormats, useTexts } from '@tollgate/web';
import type { ReactNode } from 'react';
import { Bar, CartesianGrid, ComposedChart, Legend, Line, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { type MonthlyRevenue, MOVEMENTS } from './monthly-revenue';
import { overviewTexts } from './overview-texts';

const COLORS = { new: 'indigo', expansion: 'teal', reactivation: 'cyan', contraction: 'orange', churn: 'red' } as const;
const HEIGHT_PX = 280;

/** Bars of the movements below and above zero, and the MRR as a line. */
export function RevenueChart({ months, currency }: { months: MonthlyRevenue[]; currency: string }): ReactNode {
  const t = useTexts(overviewTexts);
  const formats = useFormats();
  const { colors } = useMantineTheme();
  const money = (value: unknown): string => formats.money(Number(value), currency);
  return (
    <div role="img" aria-label={t.movementsOf(currency)}>
      <ResponsiveContainer width="100%" height={HEIGHT_PX}>
        <ComposedChart data={months} stackOffset="sign" accessibilityLayer={false}>
          <CartesianGrid strokeDasharray="3 3" vertical={false} stroke="var(--mantine-color-default-border)" />
          <XAxis dataKey="month" tickFormatter={formats.month} stroke="var(--mantine-color-text)" fontSize={12} />
          <YAxis width={76} tickFormatter={money} stroke="var(--mantine-color-text)" fontSize={12} />
          <Tooltip
            formatter={money}
            labelFormatter={(month) => formats.month(month as string)}
            contentStyle={{
              background: 'var(--mantine-color-body)',
              borderColor: 'var(--mantine-color-default-border)',
            }}
          />
          <Legend />
          {MOVEMENTS.map((kind) => (
            <Bar
              key={kind}
              dataKey={kind}
              name={t.kinds[kind]}
              stackId="movements"
              fill={colors[COLORS[kind]][6]}
              isAnimationActive={false}
            />
          ))}
          <Line
            dataKey="end"
            name={t.end}
            stroke="var(--mantine-color-text)"
            strokeWidth={2}
            dot={false}
            isAnimationActive={false}
          />
        </ComposedChart>
      </ResponsiveContainer>
    </div>
  );
}
