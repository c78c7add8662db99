import { Injectable, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config, Metrics } from '@app/platform';

/** Caches the pattern of the route: the framework builds it again on each access. */
export type WithRoute = FastifyRequest & { route?: string };

/**
 * Counts every request, and logs slow ones; at level `debug` all. Never logs addresses, headers or bodies.
 */
@Injectable()
export class RequestLog {
  private readonly logger = new Logger('Http');
  private readonly observed = new Map<string, { observe(seconds: number): void }>();

  constructor(
    private readonly config: Config,
    private readonly metrics: Metrics,
  ) {}

  observe(request: WithRoute, reply: FastifyReply): void {
    const ms = reply.elapsedTime;
    const { route = 'none' } = request;
    const status = String(reply.statusCode);
    this.histogramOf(request.method, route, status).observe(ms / 1_000);
    if (reply.statusCode === 429) this.metrics.rateLimited.inc({ policy: policyOf(reply) });
    const slow = ms >= this.config.slowRequestMs;
    if (!slow && this.config.logLevel !== 'debug') return;
    const line = {
      message: slow ? 'Slow request' : 'Request',
      requestId: request.id,
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(ms),
    };
    if (slow) this.logger.warn(line);
    else this.logger.debug(line);
  }

  /** Histogram of a route and status, cached: creating the labels costs every request. */
  private histogramOf(method: string, route: string, status: string): { observe(seconds: number): void } {
    const name = `${method} ${route} ${status}`;
    let found = this.observed.get(name);
    if (!found) this.observed.set(name, (found = this.metrics.requests.labels(method, route, status)));
    return found;
  }
}

const policyOf = (reply: FastifyReply): string =>
  /^"(\w+)"/.exec(String(reply.getHeader('ratelimit-policy') ?? ''))?.[1] ?? 'none';
