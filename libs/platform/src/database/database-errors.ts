import { QueryFailedError } from 'typeorm';

/** SQLSTATE codes after which the same transaction can be retried (PostgreSQL, appendix A). */
const RETRYABLE = new Set(['40001', '40P01']);
const UNIQUE_VIOLATION = '23505';
/** SQLSTATE classes of an unavailable database: connection, resources, operator, system. */
const UNAVAILABLE_CLASSES = ['08', '53', '57', '58'];
const LOCK_TIMEOUT = '55P03';
/** TypeORM errors for a connection lost inside a transaction, by name: not all are exported. */
const LOST_CONNECTION_ERRORS = new Set(['QueryRunnerAlreadyReleasedError', 'QueryRunnerProviderAlreadyReleasedError']);
/** The statement was canceled, for example by `statement_timeout`. */
const CANCELED = '57014';
const READ_TIMEOUT = 'Query read timeout';
const SOCKET_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH']);
const DRIVER_MESSAGES = new RegExp(
  `${READ_TIMEOUT}|timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error`,
);

interface DriverError {
  code?: string;
  constraint?: string;
  message?: string;
}

function driverError(error: unknown): DriverError {
  if (error instanceof QueryFailedError) return error.driverError as DriverError;
  if (error instanceof AggregateError) return driverError(error.errors[0]);
  // Errors of the runtime may come from another realm, where instanceof fails: read their fields.
  return typeof error === 'object' && error !== null ? error : {};
}

/** True for a deadlock or a serialization failure: the same transaction can be retried. */
export function isRetryable(error: unknown): boolean {
  return RETRYABLE.has(driverError(error).code ?? '');
}

/** True when this unique index or constraint rejected the row. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  const cause = driverError(error);
  return cause.code === UNIQUE_VIOLATION && cause.constraint === constraint;
}

/** True when the client stopped waiting for the answer: it closes a pipelined connection then. */
export function isReadTimeout(error: unknown): boolean {
  return driverError(error).message === READ_TIMEOUT;
}

/** True when the statement exceeded its timeout. */
export function isQueryTimeout(error: unknown): boolean {
  return driverError(error).code === CANCELED || isReadTimeout(error);
}

/** True when the database cannot be reached or does not respond in time: a later retry may succeed. */
export function isUnavailable(error: unknown): boolean {
  const { code = '', message = '' } = driverError(error);
  if (error instanceof Error && LOST_CONNECTION_ERRORS.has(error.name)) return true;
  if (SOCKET_CODES.has(code) || code === LOCK_TIMEOUT || isRetryable(error)) return true;
  return (
    UNAVAILABLE_CLASSES.some((prefix) => code.length === 5 && code.startsWith(prefix)) || DRIVER_MESSAGES.test(message)
  );
}
