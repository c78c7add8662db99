/** Life of an access token in seconds. */
export const ACCESS_TOKEN_SECONDS = 600;
/** Clock skew that is accepted between the issuing instance and this one, in seconds. */
const LEEWAY_SECONDS = 60;

/** Claims of an access token (RFC 9068). Not to be trusted before the signature is verified. */
export interface AccessClaims {
  sid?: unknown;
  exp?: unknown;
  iat?: unknown;
  nbf?: unknown;
}

const isInstant = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;

/** True while a token has begun and not expired, and its lifetime is no longer than that of tokens issued here. */
export function isTimely({ exp, iat, nbf }: AccessClaims, now: Date): boolean {
  const seconds = now.getTime() / 1_000;
  if (!isInstant(exp) || !isInstant(iat) || (nbf !== undefined && !isInstant(nbf))) return false;
  return exp > seconds && exp - iat <= ACCESS_TOKEN_SECONDS && Math.max(iat, nbf ?? 0) <= seconds + LEEWAY_SECONDS;
}

/** True for three parts in canonical base64url, so that a signature has no second spelling that verifies. */
export function isCompact(token: string): boolean {
  const parts = token.split('.');
  return (
    parts.length === 3 &&
    parts.every((part) => part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part)
  );
}
