import type { OpenAPIObject } from '@nestjs/swagger';
import { VERSIONED } from '../http/openapi/versioned.js';
import { mapOperations, mapped, type Parameter } from './operations.js';

const header = (name: string, description: string): Parameter => ({
  name,
  in: 'header',
  required: false,
  description,
  example: '"3"',
  schema: { type: 'string' },
});
const IF_MATCH = header(
  'If-Match',
  'The `ETag` that the caller has read. Another version is refused with 412 `stale`. Left out: any version.',
);
const IF_NONE_MATCH = header('If-None-Match', 'The `ETag` that the caller has: if it is current, the answer is 304.');
const NOT_MODIFIED = { description: 'The version in `If-None-Match` is the current one.' };
const ETAG = {
  ETag: {
    description: 'The version of the answer, for `If-None-Match`; of one object also for `If-Match`.',
    schema: { type: 'string' },
  },
};

/** Adds the headers of versions (RFC 9110): to operations with an `ETag`, and to those that refuse a stale version. */
export const withVersions = (document: OpenAPIObject): OpenAPIObject =>
  mapOperations(document, ({ [VERSIONED]: hasEtag, parameters = [], responses, ...operation }, _, method) => {
    const isRead = hasEtag && method === 'get';
    const headers = [...(isRead ? [IF_NONE_MATCH] : []), ...(responses['412'] ? [IF_MATCH] : [])];
    return {
      ...operation,
      parameters: [...parameters, ...headers],
      responses: {
        ...(hasEtag ? mapped(responses, withEtag) : responses),
        ...(isRead ? { 304: NOT_MODIFIED } : {}),
      },
    };
  });

const withEtag = (answer: object, status: string): object =>
  status.startsWith('2') ? { ...answer, headers: ETAG } : answer;
