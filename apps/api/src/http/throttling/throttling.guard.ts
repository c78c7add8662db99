import { type ExecutionContext, Inject, Injectable, SetMetadata } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerRequest } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '@app/kernel';
import { Config } from '@app/platform';
import type { WithPrincipal } from '../access/current-principal.decorator.js';
import { addressBlock } from './address-block.js';

const AUTH_RATE_LIMIT = 'throttling:auth';
/** For routes that take passwords or tokens: a lower limit, by address. */
export const AuthRateLimit = () => SetMetadata(AUTH_RATE_LIMIT, true);

/** The limit that applies to a request. */
interface Policy {
  name: 'default' | 'auth' | 'key';
  bucket: string;
  /** Requests in a window; 0: no limit. */
  limit: number;
}

/** Limits requests per minute: by user, by address for callers without credentials, by API key with its own limit. */
@Injectable()
export class ThrottlingGuard extends ThrottlerGuard {
  @Inject(Config) private readonly config: Config;

  /** An API key without a limit passes without a promise: each promise costs every request. */
  override canActivate(context: ExecutionContext): Promise<boolean> {
    const { principal } = context.switchToHttp().getRequest<WithPrincipal>();
    return principal?.kind === 'api_key' && principal.rateLimitPerMinute === null
      ? (true as unknown as Promise<boolean>)
      : super.canActivate(context);
  }

  protected override async shouldSkip(context: ExecutionContext): Promise<boolean> {
    return context.switchToHttp().getRequest<FastifyRequest>().url.startsWith('/health/');
  }

  /** Sends the headers of draft-ietf-httpapi-ratelimit-headers-10. */
  protected override async handleRequest({ context, ttl, limit: usual }: ThrottlerRequest): Promise<boolean> {
    const { name, bucket, limit } = this.policyOf(context, usual);
    if (limit === 0) return true;
    const { totalHits, timeToExpire, isBlocked } = await this.storageService.increment(bucket, ttl, limit, 0, name);
    void context
      .switchToHttp()
      .getResponse<FastifyReply>()
      .header('ratelimit-policy', `"${name}";q=${limit};w=${ttl / 1_000}`)
      .header('ratelimit', `"${name}";r=${Math.max(0, limit - totalHits)};t=${timeToExpire}`);
    if (isBlocked)
      throw new DomainError('limited', 'rate_limited', 'Too many requests; try again after the Retry-After delay.', {
        retryAfterSeconds: timeToExpire,
      });
    return true;
  }

  private policyOf(context: ExecutionContext, usual: number): Policy {
    const { principal, ip } = context.switchToHttp().getRequest<FastifyRequest & WithPrincipal>();
    if (principal?.kind === 'api_key')
      return { name: 'key', bucket: `api_key:${principal.keyId}`, limit: principal.rateLimitPerMinute ?? 0 };
    const isAuthRoute = this.reflector.getAllAndOverride<boolean | undefined>(AUTH_RATE_LIMIT, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (isAuthRoute)
      return { name: 'auth', bucket: `auth:${addressBlock(ip)}`, limit: this.config.authRateLimitPerMinute };
    return {
      name: 'default',
      bucket: principal ? `user:${principal.userId}` : `address:${addressBlock(ip)}`,
      limit: usual,
    };
  }
}
