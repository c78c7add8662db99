import { applyDecorators, type CallHandler, type ExecutionContext, Injectable, UseInterceptors } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { idOf } from '@app/auth';
import { DomainError, invalidField } from '@app/kernel';
import { fingerprintOf, type IdempotencyClaim } from '@app/metering';
import { Idempotency, type IdempotentRequest } from '@app/platform';
import { type Around, type CompilableInterceptor, type RouteRequest, runInterceptor } from '../routes/route.js';

const KEY_FORM = /^[\x21-\x7e]{1,255}$/;

/** Runs a request with an `Idempotency-Key` once; every repetition gets the first response. */
@Injectable()
export class IdempotencyInterceptor implements CompilableInterceptor {
  constructor(private readonly idempotency: Idempotency) {}

  intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    return runInterceptor(this, context, () => next.handle());
  }

  compile(): Around {
    return (request, reply, next) => {
      const header = request.headers['idempotency-key'];
      return header === undefined ? next() : this.once(request, reply, keyOf(header), next);
    };
  }

  private async once(request: RouteRequest, reply: FastifyReply, key: string, next: () => unknown): Promise<unknown> {
    // Read before any wait: at its deadline, the in-flight limit sets the status of the reply to 503.
    const { statusCode: intended } = reply;
    const answer = await this.idempotency.run(
      { caller: callerOf(request), key, content: contentOf(request) },
      async () => {
        if (reply.sent)
          throw new DomainError(
            'unavailable',
            'deadline_exceeded',
            'The request did not start before its deadline; try again.',
          );
        const body = await next();
        // After a deadline, a repetition with the same key gets the real response.
        return { status: reply.sent ? intended : reply.statusCode, body };
      },
    );
    if (answer.replayed) void reply.status(answer.status).header('idempotency-replayed', 'true');
    return answer.body ?? undefined;
  }
}

const DOCUMENTED = ApiHeader({
  name: 'Idempotency-Key',
  required: false,
  example: 'order-4711',
  description: 'Makes the request safe to repeat: it runs once, and each repetition gets the first response.',
});

/** For a POST that changes state: it may be repeated with the same Idempotency-Key. */
export const Idempotent = () => applyDecorators(UseInterceptors(IdempotencyInterceptor), DOCUMENTED);

/** Like {@link Idempotent}, for a command that stores its response itself: it takes `claimOf(request)`. */
export const IdempotentInCommand = () => DOCUMENTED;

/** The Idempotency-Key of the request, with its caller and a fingerprint of its content; undefined without one. */
export function claimOf(request: RouteRequest): IdempotencyClaim | undefined {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return undefined;
  return { caller: callerOf(request), key: keyOf(header), fingerprint: fingerprintOf(contentOf(request)) };
}

/**
 * The argument of `Idempotency.run` for a request with an Idempotency-Key; undefined without one. For a command that
 * may only store its first part with the key, because the rest happens outside of this service.
 */
export function idempotentRequestOf(request: RouteRequest): IdempotentRequest | undefined {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return undefined;
  return { caller: callerOf(request), key: keyOf(header), content: contentOf(request) };
}

/** One item of a batch, and the single request that it stands for. */
export interface BatchItem {
  /** Its own key; left out: it has one only if the batch has an Idempotency-Key, by its position. */
  key?: string | null;
  index: number;
  path: string;
  body: object;
}

/** The claim of an item of a batch. With its own key it is the claim of the single request with this body. */
export function claimOfItem(
  request: RouteRequest,
  { key, index, path, body }: BatchItem,
): IdempotencyClaim | undefined {
  const header = request.headers['idempotency-key'];
  // No key of a caller contains a space.
  const inHeader = header === undefined ? undefined : `${keyOf(header)} ${index}`;
  const own = key ?? inHeader;
  if (own === undefined) return undefined;
  return {
    caller: callerOf(request),
    key: own,
    fingerprint: fingerprintOf(contentOf({ method: 'POST', url: path, body })),
  };
}

const contentOf = ({ method, url, body }: Pick<FastifyRequest, 'method' | 'url' | 'body'>): string =>
  `${method} ${url}\n${JSON.stringify(body ?? null)}`;

/** Quotes around the key are dropped: both forms are the same key. */
function keyOf(header: string | string[]): string {
  const given = Array.isArray(header) ? '' : header.replace(/^"(.*)"$/, '$1');
  if (!KEY_FORM.test(given))
    throw invalidField('Idempotency-Key', 'must be 1 to 255 printable ASCII characters without spaces');
  return given;
}

function callerOf({ principal, ip }: RouteRequest): string {
  return principal ? `${principal.kind}:${idOf(principal)}` : `address:${ip}`;
}
