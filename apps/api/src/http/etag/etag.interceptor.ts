import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  SetMetadata,
  UseInterceptors,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import { VERSIONED } from '../openapi/versioned.js';

const VERSION_MEMBER = 'etag:member';

@Injectable()
export class EtagInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const member = this.reflector.get<string>(VERSION_MEMBER, context.getHandler());
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    return next.handle().pipe(
      map((answer: Record<string, unknown>) => {
        const etag = `"${String(answer[member])}"`;
        void reply.header('etag', etag);
        if (request.method !== 'GET' || !sameEtag(request.headers['if-none-match'], etag)) return answer;
        void reply.status(304);
        return undefined;
      }),
    );
  }
}

/** Sends an ETag: the number in this member of the response, which grows with each change. */
export const Etag = (member: string) =>
  applyDecorators(SetMetadata(VERSION_MEMBER, member), UseInterceptors(EtagInterceptor), ApiExtension(VERSIONED, true));

/** Weak comparison, as RFC 9110 requires for If-None-Match. */
function sameEtag(header: string | undefined, etag: string): boolean {
  return (
    header !== undefined &&
    header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag)
  );
}
