const STORED = 'tollgate-portal-return';

/** A session that this tab had before it was reloaded. */
export interface LostSession {
  /** An address that the service allowed; null: the link had none. */
  returnUrl: string | null;
}

/** Stores the return URL, in this tab only, for the case of a reload: it is no secret. */
export function storeReturnUrl(returnUrl: string | null): void {
  sessionStorage.setItem(STORED, returnUrl ?? '');
}

/** The session that a reload of this tab ended; null if it had none. */
export function lostSession(): LostSession | null {
  const stored = sessionStorage.getItem(STORED);
  return stored === null ? null : { returnUrl: webAddress(stored) };
}

export const forgetLostSession = (): void => sessionStorage.removeItem(STORED);

/** The address if it is one of the web: no `javascript:` and no other scheme. */
export function webAddress(given: string | null): string | null {
  if (given === null || !URL.canParse(given)) return null;
  return ['https:', 'http:'].includes(new URL(given).protocol) ? given : null;
}
