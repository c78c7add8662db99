import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { tracer } from '@app/platform';

type Traced = FastifyRequest & { span?: Span };

/**
 * Starts a span for each request (OpenTelemetry's HTTP conventions), in the caller's trace if it has one (W3C Trace
 * Context).
 */
export function traceRequests(server: FastifyInstance): void {
  server
    .addHook('onRequest', (request: Traced, _reply, done) => {
      const route = request.routeOptions.url ?? 'none';
      const parent = propagation.extract(context.active(), request.headers);
      const attributes = {
        'http.request.method': request.method,
        'http.route': route,
        'url.path': route,
        'tollgate.request_id': request.id,
      };
      request.span = tracer().startSpan(`${request.method} ${route}`, { kind: SpanKind.SERVER, attributes }, parent);
      context.with(trace.setSpan(parent, request.span), done);
    })
    .addHook('onResponse', (request: Traced, reply, done) => {
      request.span?.setAttribute('http.response.status_code', reply.statusCode);
      if (reply.statusCode >= 500) request.span?.setStatus({ code: SpanStatusCode.ERROR });
      request.span?.end();
      done();
    });
}
