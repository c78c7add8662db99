import { type ExecutionContext, Inject, Injectable, SetMetadata } from '@nestjs/common';
import { ThrottlerGuard } from '@nestjs/throttler';
import type { FastifyReply } from 'fastify';
import { idOf, isStaff } from '@app/auth';
import { DomainError } from '@app/kernel';
import { Config, RATE_WINDOW_MS } from '@app/platform';
import { type CompilableGuard, type RouteRequest, type RouteTarget, runGuard, type Step } from '../routes/route.js';
import { addressBlock } from './address-block.js';

const AUTH_RATE_LIMIT = 'throttling:auth';
/** For routes that take passwords or tokens: a lower limit, by address. False: not for this route of the controller. */
export const AuthRateLimit = (applies = true) => SetMetadata(AUTH_RATE_LIMIT, applies);

const UNLIMITED = 'throttling:unlimited';
/** For a route whose requests are signed: all events of a provider come from a few addresses. */
export const Unlimited = () => SetMetadata(UNLIMITED, true);

/** The limit of a person with a role above user in the console, as a multiple: a screen makes about ten requests. */
const CONSOLE_FACTOR = 6;

/** The limit that applies to a request. */
interface Policy {
  name: 'default' | 'console' | 'auth' | 'key';
  bucket: string;
  /** Requests in a window; 0: no limit. */
  limit: number;
}

/** Limits requests per minute: by user, by address for callers without credentials, by API key with its own limit. */
@Injectable()
export class ThrottlingGuard extends ThrottlerGuard implements CompilableGuard {
  @Inject(Config) private readonly config: Config;

  override canActivate(context: ExecutionContext): Promise<boolean> {
    return Promise.resolve(runGuard(this, context));
  }

  compile({ handler, controller }: RouteTarget): Step | null {
    if (this.reflector.get<boolean | undefined>(UNLIMITED, handler)) return null;
    const isAuthRoute = this.reflector.getAllAndOverride<boolean | undefined>(AUTH_RATE_LIMIT, [handler, controller]);
    const { authRateLimitPerMinute, rateLimitPerMinute } = this.config;
    return (request, reply) => {
      const { caller } = request;
      if (caller?.kind === 'api_key') {
        const { keyId, rateLimitPerMinute: limit } = caller;
        return limit ? this.count({ name: 'key', bucket: `api_key:${keyId}`, limit }, reply) : undefined;
      }
      const limit = isAuthRoute ? authRateLimitPerMinute : rateLimitPerMinute;
      if (limit === 0 || request.url.startsWith('/health/')) return undefined;
      if (isAuthRoute) return this.count({ name: 'auth', bucket: `auth:${addressBlock(request.ip)}`, limit }, reply);
      if (isOfConsole(request))
        return this.count(
          { name: 'console', bucket: `console:${idOf(caller!)}`, limit: limit * CONSOLE_FACTOR },
          reply,
        );
      const bucket = caller ? `${caller.kind}:${idOf(caller)}` : `address:${addressBlock(request.ip)}`;
      return this.count({ name: 'default', bucket, limit }, reply);
    };
  }

  /** Sends the headers of draft-ietf-httpapi-ratelimit-headers-10. @throws DomainError `rate_limited` */
  private async count({ name, bucket, limit }: Policy, reply: FastifyReply): Promise<void> {
    const ttl = RATE_WINDOW_MS;
    const { totalHits, timeToExpire, isBlocked } = await this.storageService.increment(bucket, ttl, limit, 0, name);
    void reply
      .header('ratelimit-policy', `"${name}";q=${limit};w=${ttl / 1_000}`)
      .header('ratelimit', `"${name}";r=${Math.max(0, limit - totalHits)};t=${timeToExpire}`);
    if (isBlocked)
      throw new DomainError('limited', 'rate_limited', 'Too many requests; try again after the Retry-After delay.', {
        retryAfterSeconds: timeToExpire,
      });
  }
}

/** Browsers set the header, and only for requests of a page of this service. */
const isOfConsole = ({ caller, headers }: RouteRequest): boolean =>
  headers['sec-fetch-site'] === 'same-origin' && caller !== null && isStaff(caller);
