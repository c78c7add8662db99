import { CacheInterceptor } from '@nestjs/cache-manager';
import { type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { WithPrincipal } from '../access/current-principal.decorator.js';

/**
 * Keeps what everybody sees for as long as the catalogue may be stale (two seconds), by address and query.
 * Callers with credentials may see more, so they are answered afresh.
 */
@Injectable()
export class PublicCacheInterceptor extends CacheInterceptor {
  protected override trackBy(context: ExecutionContext): string | undefined {
    const { method, url, principal } = context.switchToHttp().getRequest<FastifyRequest & WithPrincipal>();
    return method === 'GET' && principal === null ? url : undefined;
  }
}
