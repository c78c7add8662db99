import type { RequestListener, Server, ServerResponse } from 'node:http';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DomainError, newId } from '@app/kernel';
import { Config, Metrics } from '@app/platform';
import { PROBLEM_CONTENT_TYPE, problemOf } from '../problems/problem.js';
import { SECURITY_HEADERS } from '../security-headers.js';

/** Interval between two checks of the deadlines, in milliseconds. */
const EXPIRY_INTERVAL_MS = 50;
const RETRY_SECONDS = 1;
/** Names and values alternate, as `writeHead` takes them. */
const REFUSAL_HEADERS = Object.entries({
  ...SECURITY_HEADERS,
  'content-type': PROBLEM_CONTENT_TYPE,
  'cache-control': 'no-store',
  'retry-after': String(RETRY_SECONDS),
}).flat();

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Deadline of this route for the start of its response, in ms; for routes that need more than REQUEST_DEADLINE_MS.
     */
    deadlineMs?: number;
  }
  interface FastifyReply {
    /** Index of its slot while the request is in flight. */
    slot?: number;
  }
}

/**
 * Load shedding: limits the requests in flight. A request above the limit gets a 503 immediately, so that the others do
 * not wait longer, and each admitted request is answered by its deadline.
 */
@Injectable()
export class InFlight implements OnApplicationShutdown {
  /**
   * Fixed slots with a free list instead of a Map. V8 rehashes a churning Map, old tables keep references to newer
   * ones, and recent requests are promoted to old space; measured, GC took 1/6 of the CPU.
   */
  private readonly slots: (FastifyReply | null)[] = [];
  private readonly freeSlots: number[] = [];
  /** Deadline of each slot, on the process's monotonic clock. */
  private readonly deadlines: number[] = [];
  private readonly timer = setInterval(() => this.expireOverdue(performance.now()), EXPIRY_INTERVAL_MS).unref();

  constructor(
    private readonly config: Config,
    private readonly metrics: Metrics,
  ) {
    metrics.onCollect(() => metrics.inFlight.set(this.count));
  }

  /** Rejects requests above the limit before Fastify sees them: rejecting must cost less than serving. */
  guard(server: Server): void {
    const listeners = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      if (this.isFull(request.url!)) this.refuse(request.url!, response);
      else for (const listener of listeners) listener(request, response);
    });
  }

  enter(reply: FastifyReply, deadlineMs = 0): void {
    const slot = this.freeSlots.pop() ?? this.slots.length;
    this.slots[slot] = reply;
    this.deadlines[slot] = performance.now() + Math.max(deadlineMs, this.config.requestDeadlineMs);
    reply.slot = slot;
  }

  /** Frees the slot: the response of the request is ready. */
  answered(reply: FastifyReply): void {
    const { slot } = reply;
    if (slot === undefined) return;
    reply.slot = undefined;
    this.slots[slot] = null;
    this.freeSlots.push(slot);
  }

  private get count(): number {
    return this.slots.length - this.freeSlots.length;
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private expireOverdue(now: number): void {
    for (const [slot, reply] of this.slots.entries()) {
      if (reply === null || now < this.deadlines[slot]!) continue;
      this.answered(reply);
      this.metrics.refused.inc({ reason: 'deadline' });
      // The command may still commit: a repetition with the same Idempotency-Key gets its result.
      void reply.send(
        new DomainError(
          'unavailable',
          'deadline_exceeded',
          'The request took too long and may still complete: repeat it with the same Idempotency-Key.',
          { retryAfterSeconds: RETRY_SECONDS },
        ),
      );
    }
  }

  /** Health and metrics endpoints bypass the limit: overload must not look like a failed probe. */
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
        detail: 'The service is overloaded; try again later.',
        instance: url.split('?', 1)[0]!,
        requestId,
      }),
    );
    // With a content length the response is not chunked.
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
