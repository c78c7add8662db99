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

/** Finds out who calls and whether the route is theirs to call. A route without a rule answers nobody. */
@Injectable()
export class AccessGuard extends AuthGuard('jwt') {
  constructor(
    private readonly reflector: Reflector,
    private readonly apiKeys: ApiKeysService,
  ) {
    super();
  }

  /** Answers at once where it can: each wait costs every request. */
  override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest & WithPrincipal>();
    const rule = this.reflector.getAllAndOverride<AccessRule | OpenRule | undefined>(ACCESS_RULE, [
      context.getHandler(),
      context.getClass(),
    ]);
    // A dead token is no reason to keep somebody from a new one.
    const principal = rule === 'public' ? null : this.identify(request, context);
    return principal instanceof Promise
      ? principal.then((found) => admit(request, rule, found))
      : admit(request, rule, principal);
  }

  /** Passport's verdict in our own words; a database that cannot answer is not the caller's fault. */
  override handleRequest<T>(error: unknown, user: T): T {
    if (error instanceof DomainError || isUnavailable(error)) throw error as Error;
    if (error || !user) throw new DomainError('unauthenticated', 'invalid_token', 'The access token is not valid.');
    return user;
  }

  private identify(request: FastifyRequest, context: ExecutionContext): Principal | null | Promise<Principal> {
    const { authorization } = request.headers;
    const apiKey = authorization === undefined ? request.headers['x-api-key'] : bearerApiKey(authorization);
    if (apiKey !== undefined) return this.apiKeys.authenticate(String(apiKey));
    return authorization === undefined ? null : this.identifyPerson(request, context);
  }

  private async identifyPerson(request: FastifyRequest, context: ExecutionContext): Promise<Principal> {
    await super.canActivate(context);
    return (request as unknown as { user: Principal }).user;
  }
}

function admit(
  request: FastifyRequest & WithPrincipal,
  rule: AccessRule | OpenRule | undefined,
  principal: Principal | null,
): boolean {
  // A copy: what was found out about a caller is remembered, and serves many requests.
  request.principal = principal && { ...principal, origin: originOf(request) };
  if (rule === 'public' || rule === 'optional') return true;
  if (!request.principal)
    throw new DomainError('unauthenticated', 'authentication_required', 'This needs an access token or an API key.');
  if (request.principal.kind === 'api_key') assertScope(rule ?? {}, request.principal);
  else request.principal = admitted(rule ?? {}, request.principal, request.body);
  return true;
}

function bearerApiKey(authorization: string): string | undefined {
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  return token?.startsWith(API_KEY_PREFIX) ? token : undefined;
}

function assertScope({ scope }: AccessRule, { scopes }: ApiKeyPrincipal): void {
  if (scope && scopes.has(scope)) return;
  const needed = scope ? `This needs an API key with the scope ${scope}.` : 'API keys may not do this.';
  throw new DomainError('forbidden', 'insufficient_scope', needed, { scope });
}

/** The person, as far as this route is theirs. */
function admitted(rule: AccessRule, principal: UserPrincipal, body: unknown): UserPrincipal {
  if (!rule.users) throw new DomainError('forbidden', 'services_only', 'This is for API keys.');
  if (rule.support && isSupport(principal)) {
    if (rule.support === 'repairs') requireReason(body);
    return { ...principal, scope: principal.scope.widened() };
  }
  const refused =
    (rule.users === 'admin' && !isAdmin(principal)) || (rule.users === 'product_admin' && !isSeller(principal));
  if (refused) throw new DomainError('forbidden', 'admin_only', 'This is for admins.');
  return principal;
}

function requireReason(body: unknown): void {
  const { reason } = (body ?? {}) as { reason?: unknown };
  if (typeof reason !== 'string' || reason.trim() === '') throw invalidField('reason', 'is required of support');
}
