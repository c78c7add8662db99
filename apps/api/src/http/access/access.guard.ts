import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import {
  type ApiKeyPrincipal,
  ApiKeysService,
  isAdmin,
  isSeller,
  isSupport,
  type Principal,
  type UserPrincipal,
} from '@app/auth';
import { DomainError, invalidField } from '@app/kernel';
import { isUnavailable } from '@app/platform';
import { ACCESS_RULE, type AccessRule, type OpenRule } from './allow.decorator.js';
import type { WithPrincipal } from './current-principal.decorator.js';
import { originOf } from './request-origin.decorator.js';

const API_KEY_PREFIX = 'tg_';
/** The whole header: a second token in it is not ignored. */
const BEARER = /^Bearer +(\S+)$/i;

/** Identifies the caller and checks the access rule of the route. A route without a rule rejects every caller. */
@Injectable()
export class AccessGuard extends AuthGuard('jwt') {
  constructor(
    private readonly reflector: Reflector,
    private readonly apiKeys: ApiKeysService,
  ) {
    super();
  }

  /** Returns a promise only when it must wait: each promise costs every request. */
  override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest & WithPrincipal>();
    const rule = this.reflector.getAllAndOverride<AccessRule | OpenRule | undefined>(ACCESS_RULE, [
      context.getHandler(),
      context.getClass(),
    ]);
    // Credentials are ignored: a caller with an expired token must be able to get a new one.
    const principal = rule === 'public' ? null : this.identify(request, context);
    return principal instanceof Promise
      ? principal.then((found) => admit(request, rule, found))
      : admit(request, rule, principal);
  }

  /** Maps Passport's result to our errors. An unavailable database is a 503, never a 401. */
  override handleRequest<T>(error: unknown, user: T, info: unknown): T {
    // Passport passes the error of a read of the signing keys as `info`.
    for (const cause of [error, info]) if (cause instanceof DomainError || isUnavailable(cause)) throw cause as Error;
    if (error || !user) throw invalidToken();
    return user;
  }

  private identify(request: FastifyRequest, context: ExecutionContext): Principal | null | Promise<Principal> {
    const { authorization } = request.headers;
    if (authorization === undefined) {
      const apiKey = request.headers['x-api-key'];
      return apiKey === undefined ? null : this.apiKeys.authenticate(String(apiKey), originOf(request));
    }
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) throw invalidToken();
    return token.startsWith(API_KEY_PREFIX)
      ? this.apiKeys.authenticate(token, originOf(request))
      : this.identifyUser(request, context);
  }

  private async identifyUser(request: FastifyRequest, context: ExecutionContext): Promise<Principal> {
    await super.canActivate(context);
    return (request as unknown as { user: Principal }).user;
  }
}

function admit(
  request: FastifyRequest & WithPrincipal,
  rule: AccessRule | OpenRule | undefined,
  principal: Principal | null,
): boolean {
  // A copy: the principal is cached and serves many requests.
  request.principal = principal && { ...principal, origin: originOf(request) };
  if (rule === 'public' || rule === 'optional') return true;
  if (!request.principal)
    throw new DomainError('unauthenticated', 'authentication_required', 'An access token or an API key is required.');
  if (request.principal.kind === 'api_key') assertScope(rule ?? {}, request.principal);
  else request.principal = admitUser(rule ?? {}, request.principal, request.body);
  return true;
}

const invalidToken = (): DomainError =>
  new DomainError('unauthenticated', 'invalid_token', 'The access token is not valid.');

function assertScope({ scope }: AccessRule, { scopes }: ApiKeyPrincipal): void {
  if (scope && scopes.has(scope)) return;
  const detail = scope
    ? `The API key needs the scope ${scope}.`
    : 'API keys cannot call this route; use an access token.';
  throw new DomainError('forbidden', 'insufficient_scope', detail, { scope });
}

/** The user with the scope that the rule of the route gives it. */
function admitUser(rule: AccessRule, principal: UserPrincipal, body: unknown): UserPrincipal {
  if (!rule.users) throw new DomainError('forbidden', 'services_only', 'Users cannot call this route; use an API key.');
  if (rule.support && isSupport(principal)) {
    if (rule.support === 'repairs') requireReason(body);
    return { ...principal, scope: principal.scope.widened() };
  }
  const isRefused =
    (rule.users === 'admin' && !isAdmin(principal)) || (rule.users === 'product_admin' && !isSeller(principal));
  if (isRefused) throw new DomainError('forbidden', 'admin_only', 'Only admins may call this route.');
  return principal;
}

function requireReason(body: unknown): void {
  const { reason } = (body ?? {}) as { reason?: unknown };
  if (typeof reason !== 'string' || reason.trim() === '') throw invalidField('reason', 'is required for support');
}
