import type { RequestListener, Server, ServerResponse } from 'node:http';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DomainError, newId } from '@app/kernel';
import { Config, Metrics } from '@app/platform';
import { PROBLEM_CONTENT_TYPE, problemOf } from '../problems/problem.js';
import { SECURITY_HEADERS } from '../security-headers.js';

/** How often it is looked whether somebody waits too long. Milliseconds. */
const EXPIRY_INTERVAL_MS = 50;
const RETRY_SECONDS = 1;
/** Names and values in turn, as they are sent. */
const REFUSAL_HEADERS = Object.entries({
  ...SECURITY_HEADERS,
  'content-type': PROBLEM_CONTENT_TYPE,
  'cache-control': 'no-store',
  'retry-after': String(RETRY_SECONDS),
}).flat();

declare module 'fastify' {
  interface FastifyContextConfig {
    /** So long may this route take to begin its answer, in milliseconds, where REQUEST_DEADLINE_MS is shorter. */
    deadlineMs?: number;
  }
  interface FastifyReply {
    /** Where it sits while it is worked on. */
    seat?: number;
  }
}

/**
 * The requests that are worked on. More than the process can serve soon are refused at once instead of making all wait, and each is
 * answered by its deadline.
 */
@Injectable()
export class InFlight implements OnApplicationShutdown {
  /**
   * In seats that are taken again. A Map or a Set makes a new table for every few that come and go, each table that is gone holds on to
   * the next one, and with them to every request of the last seconds: a sixth of the process would go into carrying them along.
   */
  private readonly slots: (FastifyReply | null)[] = [];
  private readonly freeSlots: number[] = [];
  /** By seat, on the process's monotonic clock. */
  private readonly deadlines: number[] = [];
  private readonly timer = setInterval(() => this.expireOverdue(performance.now()), EXPIRY_INTERVAL_MS).unref();

  constructor(
    private readonly config: Config,
    private readonly metrics: Metrics,
  ) {
    metrics.onCollect(() => metrics.inFlight.set(this.count));
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
    const seat = this.freeSlots.pop() ?? this.slots.length;
    this.slots[seat] = reply;
    this.deadlines[seat] = performance.now() + Math.max(deadlineMs, this.config.requestDeadlineMs);
    reply.seat = seat;
  }

  /** What is to be answered is known. */
  answered(reply: FastifyReply): void {
    const { seat } = reply;
    if (seat === undefined) return;
    reply.seat = undefined;
    this.slots[seat] = null;
    this.freeSlots.push(seat);
  }

  private get count(): number {
    return this.slots.length - this.freeSlots.length;
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private expireOverdue(now: number): void {
    for (const [seat, reply] of this.slots.entries()) {
      if (reply === null || now < this.deadlines[seat]!) continue;
      this.answered(reply);
      this.metrics.refused.inc({ reason: 'deadline' });
      // What it was doing may still come to be: whoever repeats it with the same Idempotency-Key is told.
      void reply.send(
        new DomainError(
          'unavailable',
          'deadline_exceeded',
          'This took too long; whether it was done is not known yet.',
          { retryAfterSeconds: RETRY_SECONDS },
        ),
      );
    }
  }

  /** Who looks whether the process is well must not be told that it is not because it is busy. */
  private isFull(url: string): boolean {
    return this.count >= this.config.maxInFlight && !url.startsWith('/health/') && url !== '/metrics';
  }

  private refuse(url: string, response: ServerResponse): void {
    this.metrics.refused.inc({ reason: 'overloaded' });
    const requestId = newId();
    const body = JSON.stringify(
      problemOf({
        status: 503,
        code: 'overloaded',
        detail: 'Too many requests are under way; try again.',
        instance: url.split('?', 1)[0]!,
        requestId,
      }),
    );
    // With its length it leaves in one piece, not in chunks.
    response
      .writeHead(503, [
        ...REFUSAL_HEADERS,
        'x-request-id',
        requestId,
        'content-length',
        String(Buffer.byteLength(body)),
      ])
      .end(body);
  }
}
