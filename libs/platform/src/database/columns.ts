import type { ColumnOptions } from 'typeorm';

/** Column of a count or an amount. The driver returns bigint as text; all values fit a safe integer. */
export const count = (options: ColumnOptions = {}): ColumnOptions => ({
  type: 'bigint',
  transformer: {
    to: (value: unknown) => value,
    from: (value: string | null) => (value === null ? null : Number(value)),
  },
  ...options,
});

/** Column of an instant. */
export const instant = (options: ColumnOptions = {}): ColumnOptions => ({ type: 'timestamptz', ...options });
