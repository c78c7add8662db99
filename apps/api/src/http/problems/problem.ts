import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { DomainError, type ErrorDetails, type ErrorKind, type FieldError } from '@app/kernel';
import { isUnavailable } from '@app/platform';

/** HTTP status of each kind of error; mapped here only. */
const STATUS: Record<ErrorKind, number> = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  stale: 412,
  too_large: 413,
  unsupported_media: 415,
  invalid: 422,
  limited: 429,
  headers_too_large: 431,
  unavailable: 503,
};

/** Errors of the framework before the handler, by code or status. */
const FRAMEWORK: Record<string, [ErrorKind, string, string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['too_large', 'body_too_large', 'The body is larger than the limit.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'unsupported_media',
    'unsupported_media_type',
    'The route does not accept this content type.',
  ],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['malformed', 'malformed_json', 'The body is not valid JSON.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['malformed', 'malformed_json', 'The body is not valid JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'malformed',
    'malformed_request',
    'The body does not have the length of its Content-Length header.',
  ],
  '404': ['not_found', 'route_not_found', 'There is no route with this path and method.'],
  '413': ['too_large', 'body_too_large', 'The body is larger than the limit.'],
  '415': ['unsupported_media', 'unsupported_media_type', 'The route does not accept this content type.'],
};
const UNAVAILABLE_RETRY_SECONDS = 1;

export const PROBLEM_CONTENT_TYPE = 'application/problem+json; charset=utf-8';

/** A problem as RFC 9457 defines it. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  requestId: string;
  errors?: FieldError[];
  [member: string]: unknown;
}

export interface ProblemAnswer {
  problem: Problem;
  retryAfterSeconds: number | undefined;
  /** True for a bug: the filter logs it. */
  unexpected: boolean;
}

/** Maps any thrown value to a problem. Details of an unexpected error are never returned. */
export function toProblem(error: unknown, request: { id: string; url: string }): ProblemAnswer {
  const known = asDomainError(error);
  const { code, message } = known ?? {
    code: 'internal_error',
    message: 'An unexpected error occurred; report the requestId to the operator.',
  };
  const { retryAfterSeconds, ...details }: ErrorDetails = known?.details ?? {};
  const status = known ? STATUS[known.kind] : 500;
  return {
    retryAfterSeconds,
    unexpected: known === null,
    problem: {
      ...problemOf({ status, code, detail: message, instance: request.url.split('?')[0]!, requestId: request.id }),
      ...details,
    },
  };
}

/** The members of every problem. */
export function problemOf({
  status,
  code,
  ...rest
}: Pick<Problem, 'status' | 'code' | 'detail' | 'instance' | 'requestId'>): Problem {
  return {
    type: `urn:tollgate:problem:${code}`,
    title: STATUS_CODES[status]!,
    status,
    detail: rest.detail,
    instance: rest.instance,
    code,
    requestId: rest.requestId,
  };
}

function asDomainError(error: unknown): DomainError | null {
  if (error instanceof DomainError) return error;
  if (isUnavailable(error)) {
    return new DomainError(
      'unavailable',
      'database_unavailable',
      'The database is temporarily unavailable; try again.',
      {
        retryAfterSeconds: UNAVAILABLE_RETRY_SECONDS,
      },
    );
  }
  return fromFramework(error);
}

function fromFramework(error: unknown): DomainError | null {
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  const status = error instanceof HttpException ? error.getStatus() : statusCode;
  const known = FRAMEWORK[code ?? ''] ?? FRAMEWORK[String(status)];
  if (known) return new DomainError(...known);
  return status !== undefined && status >= 400 && status < 500
    ? new DomainError('malformed', 'malformed_request', 'The request is malformed.')
    : null;
}
