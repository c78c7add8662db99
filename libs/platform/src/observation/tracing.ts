import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

const NAME = 'tollgate';
let provider: NodeTracerProvider | null = null;

/** True once spans are exported. Until then tracing costs nothing. */
export const isTracing = (): boolean => provider !== null;

/** Sends spans to OTEL_EXPORTER_OTLP_ENDPOINT (OTLP over HTTP). All OTEL_* variables apply. Idempotent. */
export async function startTracing(): Promise<void> {
  if (provider) return;
  // Loaded here: without tracing they would take a tenth of the start.
  const [{ OTLPTraceExporter }, { BatchSpanProcessor, NodeTracerProvider }] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/sdk-trace-node'),
  ]);
  process.env['OTEL_SERVICE_NAME'] ??= NAME;
  provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
  provider.register();
}

/** Exports the remaining spans and stops tracing. */
export async function stopTracing(): Promise<void> {
  const stopped = provider;
  provider = null;
  await stopped?.shutdown().catch(() => undefined);
}

/** Adds a span of a query that took `ms` until now, in the current context. */
export function spanOfQuery(text: string, ms: number, failed: boolean): void {
  const endTime = performance.timeOrigin + performance.now();
  const attributes = { 'db.system.name': 'postgresql', 'db.query.text': text };
  const span = trace
    .getTracer(NAME)
    .startSpan(
      text.trimStart().split(/\s/, 1)[0]!.toUpperCase(),
      { kind: SpanKind.CLIENT, attributes, startTime: endTime - ms },
      context.active(),
    );
  if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(endTime);
}

/** Tracer of the service. */
export const tracer = () => trace.getTracer(NAME);
