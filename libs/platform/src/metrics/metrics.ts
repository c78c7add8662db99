import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Upper bounds in seconds, from a short answer to the longest that is waited for. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/**
 * Everything that the service counts of itself, in Prometheus' terms: each name, its labels and what it tells stand here and nowhere else.
 * One registry for each program, so that several in one process do not mix.
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();
  private readonly collectors: (() => void | Promise<void>)[] = [];

  readonly requests = this.histogram(
    'tollgate_http_request_seconds',
    'From a request to its answer: of a stream, to its beginning.',
    ['method', 'route', 'status'],
    SECONDS,
  );
  readonly inFlight = this.gauge('tollgate_http_in_flight', 'Requests that have no answer yet.');
  readonly refused = this.counter(
    'tollgate_http_refused_total',
    'Requests given up on: too many were under way, or one took too long.',
    ['reason'],
  );
  readonly rateLimited = this.counter(
    'tollgate_rate_limited_total',
    'Requests answered with 429, by the policy that they were counted by.',
    ['policy'],
  );

  readonly decisions = this.counter(
    'tollgate_decisions_total',
    'Checks and uses that were decided, by what was asked and how it was answered.',
    ['operation', 'outcome'],
  );
  readonly denials = this.counter('tollgate_denials_total', 'Decisions that denied, by their reason.', ['reason']);
  readonly degraded = this.counter(
    'tollgate_degraded_decisions_total',
    'Decisions by a failure policy, because the database could not be asked.',
    ['outcome'],
  );
  readonly batchSize = this.histogram(
    'tollgate_usage_batch_size',
    'Commands that one transaction of usage decided.',
    [],
    SIZES,
  );
  readonly batchWait = this.histogram(
    'tollgate_usage_batch_wait_seconds',
    'How long the first command of a batch waited for it to begin.',
    [],
    SECONDS,
  );
  readonly batchSeconds = this.histogram(
    'tollgate_usage_batch_seconds',
    'How long a transaction of usage took.',
    [],
    SECONDS,
  );

  readonly queries = this.histogram(
    'tollgate_database_query_seconds',
    'Time of a query, with its way there and back.',
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
    'Connections of this process: all, idle, and those who wait for one.',
    ['pool', 'state'],
  );
  readonly cacheReads = this.counter(
    'tollgate_cache_reads_total',
    'Reads of a cache, by whether what was asked for was there.',
    ['cache', 'outcome'],
  );
  readonly breakers = this.gauge('tollgate_circuit_open', '1 while a dependency is left alone because it fails.', [
    'dependency',
  ]);

  readonly outboxLag = this.gauge('tollgate_outbox_lag_seconds', 'Age of the oldest event that is not published yet.');
  readonly sweepLag = this.gauge(
    'tollgate_sweep_lag_seconds',
    'How long the subscription that waits longest has been due.',
  );
  readonly swept = this.counter('tollgate_swept_subscriptions_total', 'Subscriptions that were brought up to date.');
  readonly deliveryLag = this.gauge(
    'tollgate_delivery_lag_seconds',
    'How long the delivery that waits longest has been due, lanes that rest left out.',
  );
  readonly deliveries = this.counter('tollgate_deliveries_total', 'Attempts to deliver, by channel and result.', [
    'channel',
    'result',
  ]);
  readonly deliverySeconds = this.histogram(
    'tollgate_delivery_seconds',
    'Time of an attempt to deliver.',
    ['channel'],
    SECONDS,
  );
  readonly subscriptions = this.gauge('tollgate_subscriptions', 'Subscriptions that are live, by status.', ['status']);
  readonly jobFailures = this.counter(
    'tollgate_job_failures_total',
    'Rounds of a job that failed and are left to the next.',
    ['job'],
  );

  /** Adds what Node tells of itself: event loop, memory, garbage collection. Once for each process. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Calls before the metrics are read, for what is measured only then. What fails leaves the last reading. */
  onCollect(read: () => void | Promise<void>): void {
    this.collectors.push(read);
  }

  /** In the text format of Prometheus. */
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
