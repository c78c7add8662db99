/** An instant that may be left out. */
export const optionalDate = (text: string | undefined): Date | undefined =>
  text === undefined ? undefined : new Date(text);
