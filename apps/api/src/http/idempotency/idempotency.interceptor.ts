import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { DomainError, invalidField } from '@app/kernel';
import { fingerprintOf, type IdempotencyClaim } from '@app/metering';
import { Idempotency } from '@app/platform';
import type { WithPrincipal } from '../access/current-principal.decorator.js';

const KEY_FORM = /^[\x21-\x7e]{1,255}$/;

/** `Idempotency-Key` on any POST that changes state: one effect, and the first answer for every repetition. */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(private readonly idempotency: Idempotency) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest & WithPrincipal>();
    const header = request.headers['idempotency-key'];
    if (header === undefined) return next.handle();
    return from(this.once(request, http.getResponse<FastifyReply>(), keyOf(header), next));
  }

  private async once(
    request: FastifyRequest & WithPrincipal,
    reply: FastifyReply,
    key: string,
    next: CallHandler,
  ): Promise<unknown> {
    // Before anything is waited for: who is told meanwhile that it took too long gets another status.
    const { statusCode: intended } = reply;
    const answer = await this.idempotency.run(
      { caller: callerOf(request), key, content: contentOf(request) },
      async () => {
        if (reply.sent) throw new DomainError('unavailable', 'deadline_exceeded', 'It took too long to begin.');
        const body: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
        // The same key gets the true answer later.
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
  description: 'Makes it safe to send again: one effect, the first answer for every repetition.',
});

/** A POST that changes state: it can be sent again with its Idempotency-Key. */
export const Idempotent = () => applyDecorators(UseInterceptors(IdempotencyInterceptor), DOCUMENTED);

/** The same, where the command itself keeps its answer: it takes `claimOf(request)`. */
export const IdempotentInCommand = () => DOCUMENTED;

/** The Idempotency-Key of the request, with who asks and what for; undefined without one. */
export function claimOf(request: FastifyRequest & WithPrincipal): IdempotencyClaim | undefined {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return undefined;
  return { caller: callerOf(request), key: keyOf(header), fingerprint: fingerprintOf(contentOf(request)) };
}

const contentOf = ({ method, url, body }: FastifyRequest): string =>
  `${method} ${url}\n${JSON.stringify(body ?? null)}`;

/** A quoted key and the same key unquoted are one. */
function keyOf(header: string | string[]): string {
  const given = Array.isArray(header) ? '' : header.replace(/^"(.*)"$/, '$1');
  if (!KEY_FORM.test(given))
    throw invalidField('Idempotency-Key', 'must be 1 to 255 printable ASCII characters without spaces');
  return given;
}

function callerOf({ principal, ip }: FastifyRequest & WithPrincipal): string {
  if (!principal) return `address:${ip}`;
  return principal.kind === 'user' ? `user:${principal.userId}` : `api_key:${principal.keyId}`;
}
