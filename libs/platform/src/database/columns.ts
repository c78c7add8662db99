import type { ColumnOptions } from 'typeorm';

/** bigint arrives as text; every count and amount of the service fits a safe integer. */
export const count = (options: ColumnOptions = {}): ColumnOptions => ({
  type: 'bigint',
  transformer: {
    to: (value: unknown) => value,
    from: (value: string | null) => (value === null ? null : Number(value)),
  },
  ...options,
});

export const instant = (options: ColumnOptions = {}): ColumnOptions => ({ type: 'timestamptz', ...options });
