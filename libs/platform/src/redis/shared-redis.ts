import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Config } from '../config/config.js';
import { Metrics } from '../metrics/metrics.js';
import { breakerFor, isCircuitOpen } from '../resilience/breaker.js';

/** Timeout of a command, and how long the circuit breaker stays open after one. Milliseconds. */
const COMMAND_TIMEOUT_MS = 200;
const BREAKER_OPEN_MS = 1_000;
const RECONNECT_MS = 1_000;

/** Redis, shared by all instances. Optional, may fail at any time, and never holds the only copy of data. */
@Injectable()
export class SharedRedis implements OnApplicationShutdown {
  /** Null without REDIS_URL. */
  readonly client: Redis | null;
  private readonly logger = new Logger('Redis');
  private readonly breaker;
  /** Host and port, without credentials. */
  private readonly server: string;
  private failing = false;

  constructor(config: Config, metrics: Metrics) {
    this.server = config.redisUrl ? new URL(config.redisUrl).host : '';
    this.client = config.redisUrl ? connect(config.redisUrl) : null;
    this.client?.on('error', (error: Error) => this.logFailure(error));
    this.breaker = this.client && breakerFor(metrics, { dependency: 'redis', failures: 1, openMs: BREAKER_OPEN_MS });
  }

  /**
   * Calls Redis, for up to 200 ms.
   * @returns null without Redis, or when it fails: the caller then uses its own copy
   * @example const hit = await redis.call(async (client) => ({ value: await client.get(key) }));
   */
  async call<T extends object>(work: (redis: Redis) => Promise<T>): Promise<T | null> {
    const { client, breaker } = this;
    if (!client || !breaker) return null;
    try {
      const answer = await breaker.execute(() => inTime(work(client)));
      this.failing = false;
      return answer;
    } catch (error) {
      if (!isCircuitOpen(error)) this.logFailure(error);
      return null;
    }
  }

  onApplicationShutdown(): void {
    this.client?.disconnect();
  }

  private logFailure(error: unknown): void {
    if (!this.failing)
      this.logger.warn(
        `Redis (REDIS_URL, ${this.server}) does not answer; each instance counts on its own until it does: ${reasonOf(error)}`,
      );
    this.failing = true;
  }
}

/**
 * The answer, if it has arrived within the timeout. Answers that arrived while this process was stalled are read before
 * it counts as missing: a stall is no failure of Redis.
 */
function inTime<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new Error('Command timed out'));
    // The event loop reads sockets between a timer and a setImmediate.
    const timer = setTimeout(() => setImmediate(fail), COMMAND_TIMEOUT_MS);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Several addresses were tried: the error itself has a code and no text. */
const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message || ((error as NodeJS.ErrnoException).code ?? error.name) : String(error);

/** No command waits for a connection: without one it fails immediately. */
function connect(url: string): Redis {
  return new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // Frees what `inTime` no longer waits for.
    commandTimeout: 5 * COMMAND_TIMEOUT_MS,
    connectTimeout: RECONNECT_MS,
    retryStrategy: () => RECONNECT_MS,
  });
}
