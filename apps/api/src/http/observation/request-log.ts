import { Injectable, Logger } from '@nestjs/common';
import type { FastifyContextConfig, FastifyReply, FastifyRequest } from 'fastify';
import { Config, Metrics } from '@app/platform';

interface Observer {
  observe(seconds: number): void;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Histograms of this route by status: finding them by their labels costs every request. */
    observers?: Record<number, Observer>;
  }
}

/** Keeps the configuration of the route: the framework builds it again on each access. */
export type ObservedRequest = FastifyRequest & { route?: FastifyContextConfig & { url?: string } };

/**
 * Counts every request, and logs slow ones; at level `debug` all. Never logs addresses, headers or bodies.
 */
@Injectable()
export class RequestLog {
  private readonly logger = new Logger('Http');

  constructor(
    private readonly config: Config,
    private readonly metrics: Metrics,
  ) {}

  observe(request: ObservedRequest, reply: FastifyReply): void {
    const ms = reply.elapsedTime;
    this.observerOf(request, reply.statusCode).observe(ms / 1_000);
    if (reply.statusCode === 429) this.metrics.rateLimited.inc({ policy: policyOf(reply) });
    const slow = ms >= this.config.slowRequestMs;
    if (!slow && this.config.logLevel !== 'debug') return;
    const line = {
      message: slow ? 'Slow request' : 'Request',
      requestId: request.id,
      method: request.method,
      route: routeOf(request),
      status: reply.statusCode,
      ms: Math.round(ms),
    };
    if (slow) this.logger.warn(line);
    else this.logger.debug(line);
  }

  private observerOf(request: ObservedRequest, status: number): Observer {
    const { route } = request;
    const known = route?.observers?.[status];
    if (known) return known;
    const observer = this.metrics.requests.labels(request.method, routeOf(request), String(status));
    // Requests without a route share one configuration, of every method.
    if (route?.url) (route.observers ??= {})[status] = observer;
    return observer;
  }
}

/** The pattern of the route: no data of the request. */
const routeOf = ({ route }: ObservedRequest): string => route?.url ?? 'none';

const policyOf = (reply: FastifyReply): string =>
  /^"(\w+)"/.exec(String(reply.getHeader('ratelimit-policy') ?? ''))?.[1] ?? 'none';
