/** The kind of an error. The HTTP edge maps each kind to one status code. */
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

/** An invalid field; `field` is its path in the request, such as `prices.0.amount`. */
export interface FieldError {
  field: string;
  message: string;
}

/** Details of an error, beside its code. All of them are returned to the caller. */
export interface ErrorDetails {
  errors?: FieldError[];
  retryAfterSeconds?: number;
  [member: string]: unknown;
}

/**
 * An error that is returned to the caller.
 * @param code snake_case, part of the public API contract: never renamed
 * @param message says what happened, which field or object, and what to do
 * @example throw new DomainError('conflict', 'plan_archived', 'The plan is archived.');
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

/**
 * The error of one invalid field: kind `invalid`, code `invalid_fields`.
 * @example throw invalidField('to', 'must be after the current period end');
 */
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
