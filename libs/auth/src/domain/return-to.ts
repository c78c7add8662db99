import { invalidField } from '@app/kernel';

/** Pages of the service that a login may return to. */
const PAGES = /^\/(admin|portal)(?=[/?#]|$)/;
/** Browsers drop control characters from a URL, and read a backslash as a slash. */
const UNSAFE = /[\\\p{C}\s]/u;
const BASE = 'https://tollgate.invalid';
const MAX_LENGTH = 1_000;

/**
 * The page to return to after a login, without dot segments. Only a path below /admin or /portal: any other target
 * would make the login an open redirect.
 *
 * @throws DomainError `invalid_fields`
 */
export function safeReturnTo(returnTo: string): string {
  if (returnTo.length <= MAX_LENGTH && PAGES.test(returnTo) && !UNSAFE.test(returnTo)) {
    const { origin, pathname, search, hash } = new URL(returnTo, BASE);
    if (origin === BASE && PAGES.test(pathname)) return pathname + search + hash;
  }
  throw invalidField('returnTo', 'must be a path below /admin or /portal');
}
