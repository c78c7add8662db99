/** Life of an access token in seconds. */
export const ACCESS_TOKEN_SECONDS = 600;
/** How far the clock of whoever issued a token may be ahead of ours, in seconds. */
const LEEWAY_SECONDS = 60;

/** What an access token says (RFC 9068); nothing of it is believed before its signature is. */
export interface AccessClaims {
  sid?: unknown;
  exp?: unknown;
  iat?: unknown;
  nbf?: unknown;
}

const isInstant = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;

/** True while a token is good: begun, not over, and no longer-lived than those that are issued here. */
export function isTimely({ exp, iat, nbf }: AccessClaims, now: Date): boolean {
  const seconds = now.getTime() / 1_000;
  if (!isInstant(exp) || !isInstant(iat) || (nbf !== undefined && !isInstant(nbf))) return false;
  return exp > seconds && exp - iat <= ACCESS_TOKEN_SECONDS && Math.max(iat, nbf ?? 0) <= seconds + LEEWAY_SECONDS;
}

/** True for three parts in the one spelling that base64url has for them: a signature has no second form in which it passes. */
export function isCompact(token: string): boolean {
  const parts = token.split('.');
  return (
    parts.length === 3 &&
    parts.every((part) => part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part)
  );
}
