import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isAdmin } from '@app/auth';
import { type QueryTally, requestTally } from '@app/platform';
import type { WithPrincipal } from '../access/current-principal.decorator.js';

type Tallied = FastifyRequest & { tally?: QueryTally };

/**
 * Outside production: counts what an admin's request asks of the database, for its `Server-Timing` (W3C). A guard, because it is
 * the last thing that knows the caller before the handler; only what it lets through by an admin is followed.
 */
@Injectable()
export class ServerTimingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Tallied & WithPrincipal>();
    const { principal } = request;
    if (principal?.kind !== 'user' || !isAdmin(principal)) return true;
    request.tally = { queries: 0, ms: 0 };
    requestTally.enterWith(request.tally);
    return true;
  }
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10;

/** How long the answer took so far, and how much of it the database did. Queries that are shared with other requests are not in it. */
export function addServerTiming(request: FastifyRequest, reply: FastifyReply): void {
  const { tally } = request as Tallied;
  if (tally) void reply.header('server-timing', `app;dur=${tenths(reply.elapsedTime)}, db;dur=${tenths(tally.ms)};desc="${tally.queries} queries"`);
}
