import { CacheInterceptor } from '@nestjs/cache-manager';
import { type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { WithPrincipal } from '../access/current-principal.decorator.js';

/**
 * Caches public responses by path and query, for as long as the catalogue may be stale (2 s).
 * Not for callers with credentials: they may see more.
 */
@Injectable()
export class PublicCacheInterceptor extends CacheInterceptor {
  protected override trackBy(context: ExecutionContext): string | undefined {
    const { method, url, principal } = context.switchToHttp().getRequest<FastifyRequest & WithPrincipal>();
    return method === 'GET' && principal === null ? url : undefined;
  }
}
