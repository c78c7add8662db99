import { invalidField } from '@app/kernel';

const MAX_LENGTH = 2_000;
/** Two slashes, or a slash and a backslash, begin a host in a browser. */
const PATH = /^\/(?![/\\])/;

/**
 * The absolute URL that a payer returns to. Only a path of this service, or a URL of an allowed origin: a link to a
 * payment page never leads to a foreign site.
 * @throws DomainError `invalid_fields`
 * @example allowedReturnUrl('/billing', { publicUrl: 'https://app.example', origins: [] }) // https://app.example/billing
 */
export function allowedReturnUrl(
  given: string,
  { publicUrl, origins }: { publicUrl: string; origins: readonly string[] },
): string {
  const base = PATH.test(given) ? publicUrl : undefined;
  if (given.length > MAX_LENGTH || !URL.canParse(given, base)) throw refusedUrl();
  const url = new URL(given, base);
  const allowed = [new URL(publicUrl).origin, ...origins];
  if (!allowed.includes(url.origin) || url.username || url.password) throw refusedUrl();
  return url.href;
}

/** True for a path of this service, and for a URL of its origin. @example leadsHome('/portal', 'https://app.example') */
export const leadsHome = (given: string, publicUrl: string): boolean =>
  URL.canParse(given, publicUrl) && new URL(given, publicUrl).origin === new URL(publicUrl).origin;

/** The return URL with the result of the setup, as `setup=completed` or `setup=canceled`. */
export function returnUrlWith(returnUrl: string, setup: 'completed' | 'canceled'): string {
  const url = new URL(returnUrl);
  url.searchParams.set('setup', setup);
  return url.href;
}

const refusedUrl = () =>
  invalidField('returnUrl', 'must be a path such as /billing, or a URL of PUBLIC_URL or of an origin in CORS_ORIGINS');
