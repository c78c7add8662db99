import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyReply } from 'fastify';
import {
  ApiKeysService,
  PORTAL_TOKEN_PREFIX,
  PortalSessionsService,
  type Principal,
  RememberedTokens,
  type UserPrincipal,
} from '@app/auth';
import { DomainError, invalidField } from '@app/kernel';
import { isUnavailable } from '@app/platform';
import { admissionOf, type StaffRole } from './admission.js';
import { ACCESS_RULE, type AccessRule, type OpenRule } from './allow.decorator.js';
import { type CompilableGuard, type RouteRequest, type RouteTarget, runGuard, type Step } from '../routes/route.js';
import { originOf } from './request-origin.decorator.js';

const API_KEY_PREFIX = 'tg_';
/** The whole header: a second token in it is not ignored. */
const BEARER = /^Bearer +(\S+)$/i;

/** Identifies the caller and checks the access rule of the route. A route without a rule rejects every caller. */
@Injectable()
export class AccessGuard extends AuthGuard('jwt') implements CompilableGuard {
  constructor(
    private readonly reflector: Reflector,
    private readonly apiKeys: ApiKeysService,
    private readonly portals: PortalSessionsService,
    private readonly remembered: RememberedTokens,
  ) {
    super();
  }

  override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return runGuard(this, context);
  }

  compile({ handler, controller }: RouteTarget): Step {
    const rule = this.reflector.getAllAndOverride<AccessRule | OpenRule | undefined>(ACCESS_RULE, [
      handler,
      controller,
    ]);
    return (request, reply) => {
      // Credentials are ignored: a caller with an expired token must be able to get a new one.
      const principal = rule === 'public' ? null : this.identify(request, reply);
      return principal instanceof Promise
        ? principal.then((found) => admit(request, rule, found))
        : admit(request, rule, principal);
    };
  }

  /** Maps Passport's result to our errors. An unavailable database is a 503, never a 401. */
  override handleRequest<T>(error: unknown, user: T, info: unknown): T {
    // Passport passes the error of a read of the signing keys as `info`.
    for (const cause of [error, info]) if (cause instanceof DomainError || isUnavailable(cause)) throw cause as Error;
    if (error || !user) throw invalidToken();
    return user;
  }

  private identify(request: RouteRequest, reply: FastifyReply): Principal | null | Promise<Principal> {
    const { authorization } = request.headers;
    if (authorization === undefined) {
      const apiKey = request.headers['x-api-key'];
      return apiKey === undefined ? null : this.apiKeys.authenticate(String(apiKey), () => originOf(request));
    }
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) throw invalidToken();
    if (token.startsWith(API_KEY_PREFIX)) return this.apiKeys.authenticate(token, () => originOf(request));
    if (token.startsWith(PORTAL_TOKEN_PREFIX)) return this.portals.authenticate(token);
    const known = this.remembered.authenticate(token);
    return known === null || known instanceof Promise ? this.identifyUser(known, request, reply) : known;
  }

  private async identifyUser(
    remembered: Promise<UserPrincipal | null> | null,
    request: RouteRequest,
    reply: FastifyReply,
  ): Promise<Principal> {
    const principal = await remembered;
    if (principal) return principal;
    // Passport reads the request and the reply of a context.
    const http = { getRequest: () => request, getResponse: () => reply };
    await super.canActivate({ switchToHttp: () => http } as unknown as ExecutionContext);
    return (request as unknown as { user: Principal }).user;
  }
}

function admit(request: RouteRequest, rule: AccessRule | OpenRule | undefined, principal: Principal | null): void {
  request.caller = principal;
  if (principal?.kind === 'user' && principal.lacksSecondFactor) assertBeforeSecondFactor(rule);
  if (rule === 'public' || rule === 'optional') return;
  if (!principal)
    throw new DomainError('unauthenticated', 'authentication_required', 'An access token or an API key is required.');
  const { caller, reasonOf } = admissionOf(rule ?? {}, principal);
  if (reasonOf) requireReason(reasonOf, request.body);
  request.caller = caller;
}

const invalidToken = (): DomainError =>
  new DomainError('unauthenticated', 'invalid_token', 'The access token is not valid.');

/** @throws DomainError for a user who must set up a second factor, on every route but those for it */
function assertBeforeSecondFactor(rule: AccessRule | OpenRule | undefined): void {
  if (typeof rule === 'object' && rule.beforeSecondFactor) return;
  throw new DomainError(
    'forbidden',
    'second_factor_setup_required',
    'Set up a second factor first: POST /v1/auth/second-factor.',
  );
}

function requireReason(role: StaffRole, body: unknown): void {
  const { reason } = (body ?? {}) as { reason?: unknown };
  if (typeof reason !== 'string' || reason.trim() === '') throw invalidField('reason', `is required for ${role}`);
}
