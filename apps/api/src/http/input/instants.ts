import { parseInstant } from '@app/kernel';

export const isInstant = (value: unknown): boolean => parseInstant(value) !== null;

/** The instant in a field that its `@InstantField` has checked. */
export const dateOf = (text: string): Date => parseInstant(text)!;

/** Like {@link dateOf}, for a field that may be left out. A null of the caller counts as left out. */
export const optionalDate = (text: string | null | undefined): Date | undefined =>
  text === undefined || text === null ? undefined : dateOf(text);
