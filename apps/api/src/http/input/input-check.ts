import { DomainError, invalidField } from '@app/kernel';
import type { FastifyRequest } from 'fastify';

type Members = Record<string, unknown>;

const MAX_DEPTH = 20;
/** Proxies and browsers together send about 30. */
const MAX_HEADERS = 64;
const MAX_PARAMETER = 2_048;
/** The OAuth 2 token route, and the pages of the sandbox provider. */
const FORM_ROUTE = /^(\/v1\/auth\/token$|\/sandbox\/)/;
const JSON_TYPE = /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i;
const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(;\s*charset="?utf-8"?\s*)?$/i;

const CREDENTIALS = ['authorization', 'x-api-key'];
/**
 * Headers that a request may have once. Of two of them Node keeps the first or joins both, and a proxy may read another
 * one than this service.
 */
const SINGLE_HEADERS = [...CREDENTIALS, 'content-type', 'host', 'idempotency-key', 'if-match', 'last-event-id'];
const BITS = new Map(SINGLE_HEADERS.map((name, index) => [name, 1 << index]));
const CREDENTIAL_BITS = CREDENTIALS.reduce((bits, name) => bits | BITS.get(name)!, 0);

/**
 * Rejects requests with too many headers (Node would drop some silently), with a single header twice (two hosts:
 * RFC 9112, 3.2), and with two credentials: which caller it is must never be a choice of this service.
 */
export function checkHeaders({ raw: { rawHeaders } }: FastifyRequest): void {
  if (rawHeaders.length > 2 * MAX_HEADERS)
    throw new DomainError('headers_too_large', 'too_many_headers', `The request has more than ${MAX_HEADERS} headers.`);
  let seen = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const bit = BITS.get(rawHeaders[index]!.toLowerCase()) ?? 0;
    if (seen & bit & CREDENTIAL_BITS) throw ambiguousCredentials();
    if (seen & bit)
      throw new DomainError(
        'malformed',
        'malformed_request',
        `The request has more than one ${rawHeaders[index]} header; send one.`,
      );
    seen |= bit;
  }
  if ((seen & CREDENTIAL_BITS) === CREDENTIAL_BITS) throw ambiguousCredentials();
}

const ambiguousCredentials = (): DomainError =>
  new DomainError(
    'malformed',
    'ambiguous_credentials',
    'The request has more than one credential; send one Authorization header or one X-Api-Key header.',
  );

/** Rejects a body that is not JSON (or a form, on the routes for it) before it is read. */
export function checkContentType(request: FastifyRequest): void {
  const { headers, url } = request;
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (!hasBody) return;
  const type = headers['content-type'] ?? '';
  const isAccepted = FORM_ROUTE.test(url.split('?')[0]!)
    ? FORM_TYPE.test(type) || JSON_TYPE.test(type)
    : JSON_TYPE.test(type);
  if (!isAccepted || headers['content-encoding'] !== undefined) {
    throw new DomainError(
      'unsupported_media',
      'unsupported_media_type',
      'The body must be application/json in UTF-8, without content encoding.',
    );
  }
}

/**
 * Rejects text that PostgreSQL cannot store (NUL and lone surrogates) anywhere in the request, query parameters that
 * are given twice, and bodies that are nested too deeply.
 * @throws DomainError naming the field
 */
export function checkText({ params, query, body }: FastifyRequest): void {
  checkParameters(params as Members);
  checkParameters(query as Members);
  checkValue(body, '', 0);
}

function checkParameters(parameters: Members): void {
  for (const name in parameters) {
    const value = parameters[name];
    checkMember(parameters, name, '', 0);
    if (typeof value === 'string' && value.length > MAX_PARAMETER)
      throw invalidField(name, `must have at most ${MAX_PARAMETER} characters`);
    if (Array.isArray(value)) throw invalidField(name, 'must be given once');
  }
}

function checkValue(value: unknown, path: string, depth: number): void {
  if (typeof value !== 'object' || value === null) return checkString(value, path);
  if (depth > MAX_DEPTH)
    throw new DomainError('malformed', 'too_deep', `The body is nested deeper than ${MAX_DEPTH} levels.`, {
      errors: [{ field: path.split('.')[0]!, message: 'is nested too deeply' }],
    });
  for (const name in value) checkMember(value as Members, name, path, depth);
}

function checkMember(owner: Members, name: string, path: string, depth: number): void {
  if (!isStorable(name))
    throw invalidField(path || 'body', 'must not have a field name with a NUL or a lone surrogate');
  const value = owner[name];
  // The path of a member is built only where it is needed: most members are text or numbers.
  if (typeof value === 'object') checkValue(value, path ? `${path}.${name}` : name, depth + 1);
  else if (typeof value === 'string' && !isStorable(value)) throw notStorable(path ? `${path}.${name}` : name);
}

function checkString(value: unknown, path: string): void {
  if (typeof value === 'string' && !isStorable(value)) throw notStorable(path);
}

const notStorable = (path: string): DomainError => invalidField(path, 'must not contain a NUL or a lone surrogate');

function isStorable(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}
