import compress from '@fastify/compress';
import cors from '@fastify/cors';
import formbody from '@fastify/formbody';
import type { ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { newId } from '@app/kernel';
import { Config, Readiness, ServiceLogger } from '@app/platform';
import { AppModule } from './app.module.js';
import { addDocs, DOCS_PATH } from './openapi/docs.js';
import { PreparedPages } from './openapi/prepared.js';
import { InFlight } from './http/in-flight/in-flight.js';
import { boundConnections } from './http/in-flight/sockets.js';
import { RequestLog, type WithRoute } from './http/observation/request-log.js';
import { addServerTiming } from './http/observation/server-timing.js';
import { traceRequests } from './http/observation/trace-requests.js';
import { answerConnectionError, answerFrameworkError } from './http/problems/before-handlers.js';
import { pickFields } from './http/pagination/fields.js';
import { SECURITY_HEADERS } from './http/security-headers.js';
import { checkContentType, checkHeaders, checkText } from './http/input/input-check.js';

const BODY_LIMIT_BYTES = 1_048_576;
const DOCS_POLICY =
  "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
/**
 * Smaller responses, such as decisions, are not compressed. Compression leaks no secret: no response mixes a secret
 * with the text of another party (BREACH).
 */
const WORTH_COMPRESSING_BYTES = 1_400;
/** Credentials are in headers, never in cookies: a foreign page cannot use the login of a user (no CSRF). */
const CORS = {
  methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
  allowedHeaders: [
    'authorization',
    'content-type',
    'x-api-key',
    'idempotency-key',
    'if-match',
    'if-none-match',
    'last-event-id',
  ],
  exposedHeaders: [
    'etag',
    'idempotency-replayed',
    'location',
    'ratelimit',
    'ratelimit-policy',
    'retry-after',
    'server-timing',
    'x-request-id',
  ],
  maxAge: 600,
};

/** HTTP server with a bound on every wait (in ms), so that a slow caller holds no resources of others. */
export const createAdapter = ({ trustedProxies }: Config) =>
  new FastifyAdapter({
    genReqId: () => newId(),
    requestIdHeader: false,
    // X-Forwarded-For is trusted only from proxies that TRUSTED_PROXIES lists.
    trustProxy: trustedProxies.length > 0 ? trustedProxies : false,
    frameworkErrors: answerFrameworkError as never,
    clientErrorHandler: answerConnectionError,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: 15_000,
    // For a socket without traffic in either direction: longer than any response takes.
    connectionTimeout: 120_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 2_048 },
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 2_000 },
  });

/** The API, ready to listen. */
export async function createApp(
  config: Config,
  extra: NonNullable<ModuleMetadata['imports']> = [],
): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(config, extra),
    createAdapter(config),
    { logger: new ServiceLogger(config), abortOnError: false, bodyParser: false },
  );
  const pages = new PreparedPages();
  await prepare(app, pages);
  addDocs(app);
  await app.init();
  await pages.prepare(app);
  return app;
}

/** Adds the hooks that run before and after every handler. */
export async function prepare(app: NestFastifyApplication, pages = new PreparedPages()): Promise<void> {
  const config = app.get(Config);
  const inFlight = app.get(InFlight);
  const log = app.get(RequestLog);
  const readiness = app.get(Readiness);
  // Fastify's own parsers instead of Nest's wrappers: JSON is built in.
  await app.register(formbody);
  await app.register(compress, {
    threshold: WORTH_COMPRESSING_BYTES,
    encodings: ['br', 'gzip'],
    globalDecompression: false,
  });
  if (config.corsOrigins.length > 0) await app.register(cors, { origin: config.corsOrigins, ...CORS });
  const server = app.getHttpAdapter().getInstance();
  if (config.tracing) traceRequests(server);
  if (!config.production) addServerTiming(server);
  server
    .addHook('onRequest', (request: WithRoute, reply, done) => {
      const { url, config: route } = request.routeOptions;
      request.route = url;
      void reply.header('x-request-id', request.id);
      inFlight.enter(reply, route?.deadlineMs);
      checkHeaders(request);
      checkContentType(request);
      if (!pages.answer(request, reply)) done();
    })
    .addHook('preHandler', (request, _reply, done) => {
      checkText(request);
      done();
    })
    .addHook('preSerialization', (request, reply, answer, done) => done(null, pickFields(request, reply, answer)))
    .addHook('onSend', (request, reply, _answer, done) => {
      inFlight.answered(reply);
      log.observe(request, reply);
      void reply.headers(SECURITY_HEADERS);
      if (request.url.startsWith(DOCS_PATH)) void reply.header('content-security-policy', DOCS_POLICY);
      if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
      // The next request of the client opens a connection to another instance.
      if (readiness.isStopping) void reply.header('connection', 'close');
      done();
    });
  inFlight.guard(app.getHttpServer());
  boundConnections(server);
}
