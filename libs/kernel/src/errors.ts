/** What kind of refusal it is. The edge maps each kind to one HTTP status, here and nowhere else named. */
export type ErrorKind =
  | 'malformed'
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'stale'
  | 'too_large'
  | 'unsupported_media'
  | 'headers_too_large'
  | 'limited'
  | 'unavailable';

/** One field that was refused; `field` is a path in the caller's own words, such as `prices.0.amount`. */
export interface FieldError {
  field: string;
  message: string;
}

/** What a problem may carry beside its code. Everything here is shown to the caller. */
export interface ErrorDetails {
  errors?: FieldError[];
  retryAfterSeconds?: number;
  [member: string]: unknown;
}

/**
 * A refusal that the caller is meant to see.
 * @param code snake_case, part of the contract: never renamed.
 */
export class DomainError extends Error {
  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(message);
    this.name = 'DomainError';
  }
}

/** A refusal of one field: kind `invalid`, code `invalid_fields`. */
export function invalidField(field: string, message: string): DomainError {
  return new DomainError('invalid', 'invalid_fields', 'Some fields are not valid.', { errors: [{ field, message }] });
}

/**
 * The 404 of an object: code `<noun>_not_found`. One form for an object that does not exist and one that the caller may
 * not see, so that a response never shows which of the two it was.
 */
export function notFound(noun: string, label = noun.replaceAll('_', ' ')): DomainError {
  return new DomainError('not_found', `${noun}_not_found`, `There is no such ${label}.`);
}
