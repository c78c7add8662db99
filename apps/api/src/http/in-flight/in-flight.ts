import type { RequestListener, Server, ServerResponse } from 'node:http';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DomainError, newId } from '@app/kernel';
import { Config, Metrics } from '@app/platform';
import { PROBLEM_CONTENT_TYPE, problemOf } from '../problems/problem.js';
import { SECURITY_HEADERS } from '../security-headers.js';

/** How often it is looked whether somebody waits too long. Milliseconds. */
const LOOK_EVERY_MS = 50;
const RETRY_SECONDS = 1;
const REFUSAL_HEADERS = { ...SECURITY_HEADERS, 'content-type': PROBLEM_CONTENT_TYPE, 'cache-control': 'no-store', 'retry-after': String(RETRY_SECONDS) };

declare module 'fastify' {
  interface FastifyContextConfig {
    /** So long may this route take to begin its answer, in milliseconds, where REQUEST_DEADLINE_MS is shorter. */
    deadlineMs?: number;
  }
}

/**
 * The requests that are worked on. More than the process can serve soon are refused at once instead of making all wait, and each is
 * answered by its deadline.
 */
@Injectable()
export class InFlight implements OnApplicationShutdown {
  /** With its deadline, on the process's monotonic clock. */
  private readonly working = new Map<FastifyReply, number>();
  private readonly timer = setInterval(() => this.look(performance.now()), LOOK_EVERY_MS).unref();

  constructor(
    private readonly config: Config,
    private readonly metrics: Metrics,
  ) {
    metrics.onCollect(() => metrics.inFlight.set(this.working.size));
  }

  /** Refuses what there is no room for, before anything else looks at it: refusing must cost less than serving. */
  guard(server: Server): void {
    const listeners = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      if (this.isFull(request.url!)) this.refuse(request.url!, response);
      else for (const listener of listeners) listener(request, response);
    });
  }

  enter(reply: FastifyReply, deadlineMs = 0): void {
    this.working.set(reply, performance.now() + Math.max(deadlineMs, this.config.requestDeadlineMs));
  }

  /** What is to be answered is known. */
  answered(reply: FastifyReply): void {
    this.working.delete(reply);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private look(now: number): void {
    for (const [reply, deadline] of this.working) {
      if (now < deadline) continue;
      this.working.delete(reply);
      this.metrics.refused.inc({ reason: 'deadline' });
      // What it was doing may still come to be: whoever repeats it with the same Idempotency-Key is told.
      void reply.send(new DomainError('unavailable', 'deadline_exceeded', 'This took too long; whether it was done is not known yet.', { retryAfterSeconds: RETRY_SECONDS }));
    }
  }

  /** Who looks whether the process is well must not be told that it is not because it is busy. */
  private isFull(url: string): boolean {
    return this.working.size >= this.config.maxInFlight && !url.startsWith('/health/') && url !== '/metrics';
  }

  private refuse(url: string, response: ServerResponse): void {
    this.metrics.refused.inc({ reason: 'overloaded' });
    const requestId = newId();
    const problem = problemOf({ status: 503, code: 'overloaded', detail: 'Too many requests are under way; try again.', instance: url.split('?', 1)[0]!, requestId });
    response.writeHead(503, { ...REFUSAL_HEADERS, 'x-request-id': requestId }).end(JSON.stringify(problem));
  }
}
