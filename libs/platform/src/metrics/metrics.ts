import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Histogram bounds in seconds, from a short response to the longest timeout. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/**
 * Metrics of the service, in Prometheus' terms. Each name, its labels and its help text are defined here only.
 * One registry per application, so that several in one process do not mix.
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();
  private readonly collectors: (() => void | Promise<void>)[] = [];

  readonly requests = this.histogram(
    'tollgate_http_request_seconds',
    'Time from a request to its response; for a stream, to its start.',
    ['method', 'route', 'status'],
    SECONDS,
  );
  readonly inFlight = this.gauge('tollgate_http_in_flight', 'Requests without a response yet.');
  readonly refused = this.counter(
    'tollgate_http_refused_total',
    'Requests rejected because too many were in flight, or because one exceeded its deadline.',
    ['reason'],
  );
  readonly rateLimited = this.counter(
    'tollgate_rate_limited_total',
    'Requests answered with 429, by rate-limit policy.',
    ['policy'],
  );

  readonly decisions = this.counter('tollgate_decisions_total', 'Decisions, by operation and outcome.', [
    'operation',
    'outcome',
  ]);
  readonly denials = this.counter('tollgate_denials_total', 'Denied decisions, by reason.', ['reason']);
  readonly degraded = this.counter(
    'tollgate_degraded_decisions_total',
    'Decisions by failure policy, because the database was unavailable.',
    ['outcome'],
  );
  readonly batchSize = this.histogram('tollgate_usage_batch_size', 'Commands per usage transaction.', [], SIZES);
  readonly batchWait = this.histogram(
    'tollgate_usage_batch_wait_seconds',
    'Queueing time of the first command of a batch.',
    [],
    SECONDS,
  );
  readonly batchSeconds = this.histogram(
    'tollgate_usage_batch_seconds',
    'Duration of a usage transaction.',
    [],
    SECONDS,
  );

  readonly queries = this.histogram(
    'tollgate_database_query_seconds',
    'Duration of a query, including the network.',
    ['pool'],
    SECONDS,
  );
  readonly slowQueries = this.counter(
    'tollgate_database_slow_queries_total',
    'Queries that took longer than SLOW_QUERY_MS.',
    ['pool'],
  );
  readonly connections = this.gauge(
    'tollgate_database_connections',
    'Connections of this process: open, idle, and requests waiting for one.',
    ['pool', 'state'],
  );
  readonly cacheReads = this.counter('tollgate_cache_reads_total', 'Cache reads, by hit or miss.', [
    'cache',
    'outcome',
  ]);
  readonly breakers = this.gauge('tollgate_circuit_open', '1 while the circuit breaker of a dependency is open.', [
    'dependency',
  ]);

  readonly outboxLag = this.gauge('tollgate_outbox_lag_seconds', 'Age of the oldest unpublished event.');
  readonly sweepLag = this.gauge(
    'tollgate_sweep_lag_seconds',
    'Age of the oldest due transition of a subscription that is not applied yet.',
  );
  readonly swept = this.counter(
    'tollgate_swept_subscriptions_total',
    'Subscriptions whose due transitions were applied.',
  );
  readonly deliveryLag = this.gauge(
    'tollgate_delivery_lag_seconds',
    'Age of the oldest due delivery, except for paused destinations.',
  );
  readonly deliveries = this.counter('tollgate_deliveries_total', 'Delivery attempts, by channel and result.', [
    'channel',
    'result',
  ]);
  readonly deliverySeconds = this.histogram(
    'tollgate_delivery_seconds',
    'Duration of a delivery attempt.',
    ['channel'],
    SECONDS,
  );
  readonly subscriptions = this.gauge('tollgate_subscriptions', 'Live subscriptions, by status.', ['status']);
  readonly securityEvents = this.counter(
    'tollgate_security_events_total',
    'Security events of the audit log, by type: logins, failed logins, refusals, blocked addresses.',
    ['type'],
  );
  readonly paymentEvents = this.counter(
    'tollgate_payment_events_total',
    'Inbound events of payment providers, by outcome: applied, unchanged, ignored (unknown type), foreign (another account or mode), unknown (no such payment or customer), failed (given up).',
    ['provider', 'outcome'],
  );
  readonly ignoredPaymentEvents = this.counter(
    'tollgate_ignored_payment_events_total',
    'Inbound events of payment providers that this service does not process, by type.',
    ['provider', 'type'],
  );
  readonly paymentEventLag = this.gauge(
    'tollgate_payment_event_lag_seconds',
    'Age of the oldest inbound payment event that is due and not processed.',
  );
  readonly reconciledPayments = this.counter(
    'tollgate_reconciled_payments_total',
    'Payments compared with their provider, by result: same, corrected, missing (the provider has no such charge), different (another amount), failed (the provider did not answer).',
    ['provider', 'result'],
  );
  readonly billingMismatches = this.gauge(
    'tollgate_billing_mismatches',
    'Invoices, numbers, payments, balances or charges that did not add up in the last nightly check.',
  );
  readonly jobFailures = this.counter('tollgate_job_failures_total', 'Failed runs of a job; the next run retries.', [
    'job',
  ]);

  /** Adds Node's own metrics: event loop, memory, garbage collection. Called once per process. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  /**
   * Adds a function that is called before the metrics are read, to measure gauges. When it fails, the last value stays.
   * @example metrics.onCollect(() => connections.set({ pool, state: 'open' }, pool.totalCount));
   */
  onCollect(read: () => void | Promise<void>): void {
    this.collectors.push(read);
  }

  /** Returns all metrics in the text format of Prometheus. */
  async text(): Promise<string> {
    await Promise.allSettled(this.collectors.map(async (read) => read()));
    return this.registry.metrics();
  }

  private counter<Label extends string>(name: string, help: string, labelNames: Label[] = []): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private gauge<Label extends string>(name: string, help: string, labelNames: Label[] = []): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  private histogram<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    buckets: number[],
  ): Histogram<Label> {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.registry] });
  }
}
