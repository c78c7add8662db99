/** An error that routes answer: its name in the document, its meaning, and the headers that come with it. */
export interface ProblemAnswer {
  name: string;
  description: string;
  headers?: Record<string, string>;
}

const RETRY_AFTER = { 'Retry-After': 'Seconds to wait before the next attempt.' };

/** Every error status of the API. The problem has the `code`, which says more than the status. */
export const PROBLEM_ANSWERS: Record<number, ProblemAnswer> = {
  400: { name: 'BadRequest', description: 'The request is malformed: its JSON, its headers or its address.' },
  401: {
    name: 'Unauthorized',
    description: 'The credentials are missing, expired, revoked or wrong.',
    headers: { 'WWW-Authenticate': 'The scheme to use; `error="invalid_token"` when the request had credentials.' },
  },
  403: { name: 'Forbidden', description: 'The credentials are valid, and do not allow this.' },
  404: { name: 'NotFound', description: 'The object does not exist, or the caller may not see it.' },
  409: { name: 'Conflict', description: 'The state of the object does not allow this.' },
  412: { name: 'PreconditionFailed', description: '`If-Match` names another version than the current one.' },
  413: { name: 'ContentTooLarge', description: 'The body is larger than 1 MiB.' },
  415: { name: 'UnsupportedMediaType', description: 'The route does not accept the content type of the body.' },
  422: { name: 'UnprocessableContent', description: 'Some fields are invalid: `errors` names each of them.' },
  429: {
    name: 'TooManyRequests',
    description: 'The rate limit of the caller, or a limit of its plan, is reached.',
    headers: {
      ...RETRY_AFTER,
      RateLimit: 'The policy, the requests that remain, and the seconds until the limit resets.',
      'RateLimit-Policy': 'The limit: requests, and the seconds of its window.',
    },
  },
  431: { name: 'HeadersTooLarge', description: 'The headers of the request are too large.' },
  500: { name: 'InternalError', description: 'An unexpected error: report the `requestId` to the operator.' },
  503: {
    name: 'Unavailable',
    description: 'The database or the service is overloaded or not reachable; try again.',
    headers: RETRY_AFTER,
  },
};

/** Errors that every route may answer. */
export const COMMON_PROBLEMS = [400, 422, 429, 431, 500, 503];

/** Errors of routes that take a body. */
export const BODY_PROBLEMS = [413, 415];
