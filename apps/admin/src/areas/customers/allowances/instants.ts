/** Instant of an input of the type `datetime-local`, which is in the zone of the browser. */
export const toInstant = (local: string): string | undefined => (local ? new Date(local).toISOString() : undefined);

/** Value of an input of the type `datetime-local` for an instant. */
export function toLocal(instant: string | null | undefined): string {
  if (!instant) return '';
  const at = new Date(instant);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
