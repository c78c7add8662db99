import { Readable } from 'node:stream';
import { RouteConfig } from '@nestjs/platform-fastify';
import type {
  FastifyInstance,
  FastifyRequest,
  preParsingAsyncHookHandler,
  RequestPayload,
  RouteOptions,
} from 'fastify';
import { DomainError } from '@app/kernel';
import { requestParam } from '../routes/route.js';

const RAW = Symbol('raw body');
const MAX_BYTES = 1_048_576;

type WithRawBody = FastifyRequest & { [RAW]?: Buffer };

/** For a route that verifies a signature: the handler gets the bytes of the body, and nothing parses them. */
export const KeepRawBody = (): MethodDecorator => RouteConfig({ rawBody: true });

/** The bytes of the body (`@KeepRawBody()`). */
export const RawBody = () => requestParam((request) => (request as WithRawBody)[RAW] ?? Buffer.alloc(0));

/** The headers of the request: which one has the signature depends on the sender. */
export const RequestHeaders = () => requestParam(({ headers }) => headers);

/** Reads the whole body of the routes with `@KeepRawBody()` before Fastify does. */
export function keepRawBodies(server: FastifyInstance): void {
  server.addHook('onRoute', (route: RouteOptions) => {
    if ((route.config as { rawBody?: boolean } | undefined)?.rawBody) route.preParsing = [readRawBody];
  });
}

/** Leaves an empty object for the parser. */
const readRawBody: preParsingAsyncHookHandler = async (request, _reply, payload) => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of payload as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new DomainError('too_large', 'body_too_large', 'The body is larger than the limit.');
    chunks.push(chunk);
  }
  (request as WithRawBody)[RAW] = Buffer.concat(chunks);
  // Fastify compares the length that arrived with the header of the request.
  return Object.assign(Readable.from([Buffer.from('{}')]) as RequestPayload, { receivedEncodedLength: length });
};
