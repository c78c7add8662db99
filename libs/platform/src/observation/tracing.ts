import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

const NAME = 'tollgate';
let provider: NodeTracerProvider | null = null;

/** True once spans are sent somewhere; until then nothing is traced and nothing is paid for. */
export const isTracing = (): boolean => provider !== null;

/** Sends spans to OTEL_EXPORTER_OTLP_ENDPOINT (OTLP over HTTP; every OTEL_* variable of the specification holds). Idempotent. */
export function startTracing(): void {
  if (provider) return;
  process.env['OTEL_SERVICE_NAME'] ??= NAME;
  provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
  provider.register();
}

/** Sends what has not been sent yet. */
export async function stopTracing(): Promise<void> {
  const stopped = provider;
  provider = null;
  await stopped?.shutdown().catch(() => undefined);
}

/** A span in the present context, of what has taken `ms` until now. */
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

export const tracer = () => trace.getTracer(NAME);
