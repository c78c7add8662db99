import compress from '@fastify/compress';
import cors from '@fastify/cors';
import formbody from '@fastify/formbody';
import type { ModuleMetadata, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { type Clock, newId } from '@app/kernel';
import { Config, Readiness, ServiceLogger } from '@app/platform';
import { AppModule } from './app.module.js';
import { addDocs, DOCS_PATH } from './openapi/docs.js';
import { openApiDocument } from './openapi/document.js';
import { addPages } from './pages/pages.js';
import { PreparedPages } from './openapi/prepared.js';
import { ENCODINGS, WORTH_COMPRESSING_BYTES } from './http/compression/compression.js';
import { originOf } from './http/access/request-origin.decorator.js';
import { pickFields } from './http/pagination/fields.js';
import { InFlight } from './http/in-flight/in-flight.js';
import { boundConnections } from './http/in-flight/sockets.js';
import { type ObservedRequest, RequestLog } from './http/observation/request-log.js';
import { serverTiming } from './http/observation/server-timing.js';
import { traceRequests } from './http/observation/trace-requests.js';
import { answerConnectionError, answerFrameworkError } from './http/problems/before-handlers.js';
import { keepRawBodies } from './http/raw-body/raw-body.js';
import { LeanAdapter } from './http/routes/lean-adapter.js';
import { BROWSER_HEADER, BROWSER_ROUTES } from './auth/browser.guard.js';
import type { RouteRequest } from './http/routes/route.js';
import { type AnswerDocument, AnswerSchemas } from './http/routes/answer-schemas.js';
import { RouteCompiler } from './http/routes/route-compiler.js';
import { SECURITY_HEADERS } from './http/security-headers.js';
import { checkContentType, checkHeaders, checkText } from './http/input/input-check.js';

const BODY_LIMIT_BYTES = 1_048_576;
const DOCS_POLICY =
  "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
/** Credentials are in headers, so that a foreign page cannot use the login of a user: no CSRF. */
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
    BROWSER_HEADER,
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
  new LeanAdapter({
    genReqId: () => newId(),
    requestIdHeader: false,
    // X-Forwarded-For is trusted only from proxies that TRUSTED_PROXIES lists.
    trustProxy: trustedProxies.length > 0 ? trustedProxies : false,
    frameworkErrors: answerFrameworkError,
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

/** The API, ready to listen. @param clock the source of time; default: the clock of the database */
export async function createApp(
  config: Config,
  extra: NonNullable<ModuleMetadata['imports']> = [],
  clock?: Type<Clock>,
): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(config, extra, clock),
    createAdapter(config),
    { logger: new ServiceLogger(config), abortOnError: false, bodyParser: false },
  );
  await prepare(app);
  addDocs(app);
  await app.init();
  // As JSON, because some members of the document are undefined. It is not kept.
  const document = JSON.parse(JSON.stringify(openApiDocument(app))) as AnswerDocument;
  app.get(RouteCompiler).useSchemas(new AnswerSchemas(document));
  return app;
}

/** Adds the hooks for steps that compiled routes have. */
function runInNestsWay(server: FastifyInstance): void {
  server
    .addHook('preHandler', (request, _reply, done) => {
      checkText(request);
      done();
    })
    .addHook('preSerialization', (request, reply, answer, done) => done(null, pickFields(request, reply, answer)));
}

/** Members that guards set: declared once, so that all requests have one shape. */
function decorateRequests(server: FastifyInstance): void {
  server
    .decorateRequest('caller', null)
    .decorateRequest('route')
    .decorateRequest('customer')
    .decorateRequest('snapshot')
    .decorateRequest('subscription')
    .decorateRequest('principal', {
      getter() {
        const { caller } = this as RouteRequest;
        return caller && { ...caller, origin: originOf(this) };
      },
    });
}

/**
 * Adds the hooks that run before and after every handler.
 * @param options.compiled false: routes run in Nest's own way, to compare both
 */
export async function prepare(
  app: NestFastifyApplication,
  { compiled = true }: { compiled?: boolean } = {},
): Promise<void> {
  const config = app.get(Config);
  const inFlight = app.get(InFlight);
  const log = app.get(RequestLog);
  const readiness = app.get(Readiness);
  const pages = new PreparedPages();
  // Fastify's own parsers instead of Nest's wrappers: JSON is built in.
  await app.register(formbody);
  await app.register(compress, {
    threshold: WORTH_COMPRESSING_BYTES,
    encodings: ENCODINGS,
    globalDecompression: false,
  });
  if (config.corsOrigins.length > 0)
    await app.register(cors, {
      // Browsers send and store cookies only where `credentials` is set: on the routes of the refresh cookie.
      delegator: ({ url }, done) =>
        done(null, { ...CORS, origin: config.corsOrigins, credentials: url.startsWith(BROWSER_ROUTES) }),
    });
  const server = app.getHttpAdapter().getInstance();
  decorateRequests(server);
  if (compiled) server.addHook('onRoute', app.get(RouteCompiler).hook());
  else runInNestsWay(server);
  keepRawBodies(server);
  if (config.tracing) traceRequests(server);
  server
    .addHook('onRequest', (request: ObservedRequest, reply, done) => {
      request.route = request.routeOptions.config;
      inFlight.enter(reply, request.route?.deadlineMs);
      checkHeaders(request);
      checkContentType(request);
      if (pages.answer(request, reply)) return;
      if (config.production) done();
      else serverTiming.begin(request as RouteRequest, done);
    })
    .addHook('onSend', (request, reply, _answer, done) => {
      inFlight.answered(reply);
      log.observe(request, reply);
      if (!config.production) serverTiming.end(request as RouteRequest, reply);
      void reply.header('x-request-id', request.id).headers(SECURITY_HEADERS);
      if (request.url.startsWith(DOCS_PATH)) void reply.header('content-security-policy', DOCS_POLICY);
      if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
      // The next request of the client opens a connection to another instance.
      if (readiness.isStopping) void reply.header('connection', 'close');
      done();
    });
  if (config.pages) addPages(server);
  inFlight.guard(app.getHttpServer());
  boundConnections(server);
}
