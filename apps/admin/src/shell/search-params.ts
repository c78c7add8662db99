/** A parameter of the URL that is a text; undefined for an empty one or another type. */
export const textParam = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** A parameter of the URL that is one of the allowed values; undefined for any other. */
export const oneOfParam = <T extends string>(allowed: readonly T[], value: unknown): T | undefined =>
  allowed.find((one) => one === value);
