const UNIT_MS: Record<string, number> = { h: 3_600_000, d: 86_400_000 };

/** `7d` or `36h` in milliseconds. */
export function spanInMs(span: string | undefined): number | undefined {
  return span === undefined ? undefined : Number(span.slice(0, -1)) * UNIT_MS[span.slice(-1)]!;
}
