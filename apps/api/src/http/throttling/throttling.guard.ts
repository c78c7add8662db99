import { type ExecutionContext, Injectable } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerRequest } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '@app/kernel';
import type { WithPrincipal } from '../access/current-principal.decorator.js';

/** So many requests a minute for each person, or address where nobody is logged in. API keys are not limited here. */
@Injectable()
export class ThrottlingGuard extends ThrottlerGuard {
  /** Services are let through at once: each wait costs every request. */
  override canActivate(context: ExecutionContext): Promise<boolean> {
    const { principal } = context.switchToHttp().getRequest<WithPrincipal>();
    return principal?.kind === 'api_key' ? (true as unknown as Promise<boolean>) : super.canActivate(context);
  }

  protected override async shouldSkip(context: ExecutionContext): Promise<boolean> {
    return context.switchToHttp().getRequest<FastifyRequest>().url.startsWith('/health/');
  }

  protected override async getTracker({ principal, ip }: Record<string, unknown> & Partial<WithPrincipal>): Promise<string> {
    return principal?.kind === 'user' ? `user:${principal.userId}` : `address:${String(ip)}`;
  }

  protected override generateKey(_context: ExecutionContext, tracker: string): string {
    return tracker;
  }

  /** Headers after draft-ietf-httpapi-ratelimit-headers-10. */
  protected override async handleRequest({ context, limit, ttl, throttler, blockDuration }: ThrottlerRequest): Promise<boolean> {
    if (limit === 0) return true;
    const http = context.switchToHttp();
    const tracker = await this.getTracker(http.getRequest<Record<string, unknown>>());
    const { totalHits, timeToExpire, isBlocked, timeToBlockExpire } = await this.storageService.increment(tracker, ttl, limit, blockDuration, throttler.name!);
    const wait = isBlocked ? timeToBlockExpire : timeToExpire;
    void http
      .getResponse<FastifyReply>()
      .header('ratelimit-policy', `"${throttler.name}";q=${limit};w=${ttl / 1_000}`)
      .header('ratelimit', `"${throttler.name}";r=${Math.max(0, limit - totalHits)};t=${wait}`);
    if (isBlocked) throw new DomainError('limited', 'rate_limited', 'Too many requests; try again later.', { retryAfterSeconds: wait });
    return true;
  }
}
