import formbody from '@fastify/formbody';
import { type LogLevel as NestLogLevel, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { newId } from '@app/kernel';
import type { Config, LogLevel } from '@app/platform';
import { AppModule } from './app.module.js';
import { addDocs, DOCS_PATH } from './openapi/docs.js';
import { answerConnectionError, answerFrameworkError } from './http/problems/before-handlers.js';
import { QuietLogger } from './quiet-logger.js';
import { pickFields } from './http/pagination/fields.js';
import { checkContentType, checkHeaders, checkText } from './http/input/input-check.js';

/** Sockets at once: more than a process serves well, fewer than it has files. */
const MOST_CONNECTIONS = 10_000;
const BODY_LIMIT_BYTES = 1_048_576;
/** What OWASP's REST Security Cheat Sheet names for answers that are no pages, and for those that are kept from being taken for one. */
const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
};
const DOCS_POLICY = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
const LOG_LEVELS: Record<LogLevel, NestLogLevel[]> = {
  debug: ['debug', 'log', 'warn', 'error', 'fatal'],
  info: ['log', 'warn', 'error', 'fatal'],
  warn: ['warn', 'error', 'fatal'],
  error: ['error', 'fatal'],
};

/** How the server waits: bounded everywhere, so that no slow caller holds what others need. Milliseconds. */
export const createAdapter = ({ trustedProxies }: Config) =>
  new FastifyAdapter({
    genReqId: () => newId(),
    requestIdHeader: false,
    // Nobody's word about a caller's address is taken but that of proxies named one by one.
    trustProxy: trustedProxies.length > 0 ? trustedProxies : false,
    frameworkErrors: answerFrameworkError as never,
    clientErrorHandler: answerConnectionError,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: 15_000,
    // Of a socket on which nothing moves, in either direction: longer than any answer takes.
    connectionTimeout: 120_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 2_048 },
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 2_000 },
  });

/** The API, ready to listen. */
export async function createApp(config: Config, extra: NonNullable<ModuleMetadata['imports']> = []): Promise<NestFastifyApplication> {
  const logger = new QuietLogger('Tollgate', { json: config.production, logLevels: LOG_LEVELS[config.logLevel] });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(config, extra), createAdapter(config), { logger, abortOnError: false, bodyParser: false });
  await prepare(app);
  addDocs(app);
  await app.init();
  return app;
}

/** What every request passes before and after its handler. */
export async function prepare(app: NestFastifyApplication): Promise<void> {
  // Fastify's own parsers instead of Nest's around them: JSON is there by itself.
  await app.register(formbody);
  app.getHttpServer().maxConnections = MOST_CONNECTIONS;
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, reply, done) => {
      void reply.header('x-request-id', request.id);
      checkHeaders(request);
      checkContentType(request);
      done();
    })
    .addHook('preHandler', (request, _reply, done) => {
      checkText(request);
      done();
    })
    .addHook('preSerialization', (request, reply, answer, done) => done(null, pickFields(request, reply, answer)))
    .addHook('onSend', (request, reply, _answer, done) => {
      void reply.headers(SECURITY_HEADERS);
      if (request.url.startsWith(DOCS_PATH)) void reply.header('content-security-policy', DOCS_POLICY);
      if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
      done();
    });
}
