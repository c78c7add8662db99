import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Injectable,
  SetMetadata,
  UseInterceptors,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Observable } from 'rxjs';
import { VERSIONED } from '../openapi/versioned.js';
import {
  type Around,
  type CompilableInterceptor,
  type RouteRequest,
  type RouteTarget,
  runInterceptor,
} from '../routes/route.js';

const VERSION_MEMBER = 'etag:member';

@Injectable()
export class EtagInterceptor implements CompilableInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    return runInterceptor(this, context, () => next.handle());
  }

  compile({ handler }: RouteTarget): Around {
    const member = this.reflector.get<string>(VERSION_MEMBER, handler);
    return async (request, reply, next) => tagged(request, reply, (await next()) as Record<string, unknown>, member);
  }
}

function tagged(
  { method, headers }: RouteRequest,
  reply: FastifyReply,
  answer: Record<string, unknown>,
  member: string,
): unknown {
  const etag = `"${String(answer[member])}"`;
  void reply.header('etag', etag);
  if (method !== 'GET' || !sameEtag(headers['if-none-match'], etag)) return answer;
  void reply.status(304);
  return undefined;
}

/** Sends an ETag: the number in this member of the response, which grows with each change. */
export const Etag = (member: string) =>
  applyDecorators(SetMetadata(VERSION_MEMBER, member), UseInterceptors(EtagInterceptor), ApiExtension(VERSIONED, true));

/** Weak comparison, as RFC 9110 requires for If-None-Match. */
export function sameEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const strong = withoutWeakness(etag);
  return header.split(',').some((one) => one.trim() === '*' || withoutWeakness(one.trim()) === strong);
}

const withoutWeakness = (etag: string): string => etag.replace(/^W\//, '');
