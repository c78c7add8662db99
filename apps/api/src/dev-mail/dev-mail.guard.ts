import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import { DomainError } from '@app/kernel';

const LOCAL_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * Mails contain login tokens: only requests from this machine with a local Host header are served (no DNS rebinding).
 */
@Injectable()
export class DevMailGuard implements CanActivate {
  canActivate(context: ExecutionContext): true {
    const { socket, headers } = context.switchToHttp().getRequest<FastifyRequest>();
    const isLocal = ipaddr.process(socket.remoteAddress ?? '0.0.0.0').range() === 'loopback';
    if (!isLocal || !LOCAL_HOST.test(headers.host ?? '') || headers['x-forwarded-for'] !== undefined)
      throw new DomainError('not_found', 'not_found', 'There is nothing here.');
    return true;
  }
}
