import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { invalidField } from '@app/kernel';
import { Idempotency } from '@app/platform';
import type { WithPrincipal } from '../access/current-principal.decorator.js';

const READS_ONLY = 'idempotency:reads_only';
const KEY_FORM = /^[\x21-\x7e]{1,255}$/;

/** A POST that changes nothing: an Idempotency-Key means nothing to it. */
export const ReadsOnly = () => SetMetadata(READS_ONLY, true);

/** `Idempotency-Key` on any POST that changes state: one effect, and the first answer for every repetition. */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest & WithPrincipal>();
    const header = request.headers['idempotency-key'];
    if (header === undefined || request.method !== 'POST' || this.reflector.get<boolean>(READS_ONLY, context.getHandler())) return next.handle();
    return from(this.once(request, http.getResponse<FastifyReply>(), keyOf(header), next));
  }

  private async once(request: FastifyRequest & WithPrincipal, reply: FastifyReply, key: string, next: CallHandler): Promise<unknown> {
    const content = `${request.method} ${request.url}\n${JSON.stringify(request.body ?? null)}`;
    const answer = await this.idempotency.run({ caller: callerOf(request), key, content }, async () => {
      const body: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
      return { status: reply.statusCode, body };
    });
    if (answer.replayed) void reply.status(answer.status).header('idempotency-replayed', 'true');
    return answer.body ?? undefined;
  }
}

/** A quoted key and the same key unquoted are one. */
function keyOf(header: string | string[]): string {
  const given = Array.isArray(header) ? '' : header.replace(/^"(.*)"$/, '$1');
  if (!KEY_FORM.test(given)) throw invalidField('Idempotency-Key', 'must be 1 to 255 printable ASCII characters without spaces');
  return given;
}

function callerOf({ principal, ip }: FastifyRequest & WithPrincipal): string {
  if (!principal) return `address:${ip}`;
  return principal.kind === 'user' ? `user:${principal.userId}` : `api_key:${principal.keyId}`;
}
