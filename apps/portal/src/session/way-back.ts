const STORED = 'tollgate-portal-return';

/** The way back to the product, for this tab only: it is no secret, and a reload needs it. */
export interface WayBack {
  /** An address that the service allowed; null: the link had none. */
  returnUrl: string | null;
}

/** Keeps the way back for the case of a reload. */
export function keepWayBack(returnUrl: string | null): void {
  sessionStorage.setItem(STORED, returnUrl ?? '');
}

/** The way back of a session that this tab had before it was reloaded; null if it had none. */
export function storedWayBack(): WayBack | null {
  const stored = sessionStorage.getItem(STORED);
  return stored === null ? null : { returnUrl: webAddress(stored) };
}

export const forgetWayBack = (): void => sessionStorage.removeItem(STORED);

/** The address if it is one of the web: no `javascript:` and no other scheme. */
export function webAddress(given: string | null): string | null {
  if (given === null || !URL.canParse(given)) return null;
  return ['https:', 'http:'].includes(new URL(given).protocol) ? given : null;
}
