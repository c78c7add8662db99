import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DomainError } from '@app/kernel';
import { Config, Metrics } from '@app/platform';

/** How often it is looked whether somebody waits too long. Milliseconds. */
const LOOK_EVERY_MS = 100;
const RETRY_SECONDS = 1;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** So long may this route take to begin its answer, in milliseconds; left out: REQUEST_DEADLINE_MS. */
    deadlineMs?: number;
  }
}

interface Open {
  reply: FastifyReply;
  deadline: number;
}

/**
 * The requests that have no answer yet. More than the process can serve soon are refused at once instead of making all wait, and
 * each is answered by its deadline. What has begun to answer, as a stream does, is no longer waited for here.
 */
@Injectable()
export class InFlight implements OnApplicationShutdown {
  private readonly open = new Map<FastifyReply, Open>();
  private readonly timer = setInterval(() => this.look(performance.now()), LOOK_EVERY_MS).unref();

  constructor(
    private readonly config: Config,
    private readonly metrics: Metrics,
  ) {
    metrics.onCollect(() => metrics.inFlight.set(this.open.size));
  }

  get size(): number {
    return this.open.size;
  }

  /** @throws DomainError `overloaded` */
  enter(reply: FastifyReply): void {
    if (this.open.size >= this.config.maxInFlight) {
      this.metrics.refused.inc({ reason: 'overloaded' });
      throw new DomainError('unavailable', 'overloaded', 'Too many requests are under way; try again.', { retryAfterSeconds: RETRY_SECONDS });
    }
    const { deadlineMs = this.config.requestDeadlineMs } = reply.request.routeOptions.config;
    this.open.set(reply, { reply, deadline: performance.now() + deadlineMs });
  }

  leave(reply: FastifyReply): void {
    this.open.delete(reply);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private look(now: number): void {
    for (const { reply, deadline } of this.open.values()) {
      if (now < deadline) continue;
      this.leave(reply);
      if (reply.sent || reply.raw.headersSent) continue;
      this.metrics.refused.inc({ reason: 'deadline' });
      // What it was doing may still come to be: whoever repeats it with the same Idempotency-Key is told.
      void reply.send(new DomainError('unavailable', 'deadline_exceeded', 'This took too long; whether it was done is not known yet.', { retryAfterSeconds: RETRY_SECONDS }));
    }
  }
}
