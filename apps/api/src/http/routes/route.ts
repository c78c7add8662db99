import type { CanActivate, ExecutionContext, NestInterceptor, Type } from '@nestjs/common';
import { createParamDecorator, SetMetadata } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { lastValueFrom, type Observable, of } from 'rxjs';
import type { WithPrincipal } from '../access/with-principal.js';

/** A request on its way through its route. */
export type RouteRequest = FastifyRequest & WithPrincipal;

/** A handler with its controller: the decorators of both say what the route needs. */
export interface RouteTarget {
  handler: (...args: never[]) => unknown;
  controller: Type;
}

/**
 * One part of a route, run before its handler. It throws to refuse the request, and returns a promise only when it must
 * wait: each promise costs every request.
 */
export type Step = (request: RouteRequest, reply: FastifyReply) => void | Promise<void>;

/** Runs the rest of a route by `next`, with something before, after or in place of it. @returns the answer */
export type Around = (request: RouteRequest, reply: FastifyReply, next: () => unknown) => unknown;

export const JSON_TYPE = 'application/json; charset=utf-8';

/** Metadata of routes whose answers are written by compiled serializers. */
export const BY_SCHEMA = 'route:by-schema';
/** For routes that are called often: `AnswerSchemas` writes the answer. */
export const AnsweredBySchema = () => SetMetadata(BY_SCHEMA, true);

/** A guard that is compiled once for each route. Nest's `canActivate` is `runGuard`. */
export interface CompilableGuard extends CanActivate {
  /** @returns null where the route needs nothing of this guard */
  compile(target: RouteTarget): Step | null;
}

/** An interceptor that is compiled once for each route. Nest's `intercept` is `runInterceptor`. */
export interface CompilableInterceptor extends NestInterceptor {
  compile(target: RouteTarget): Around;
}

const targetOf = (context: ExecutionContext): RouteTarget => ({
  handler: context.getHandler() as RouteTarget['handler'],
  controller: context.getClass(),
});

/** Runs a guard in Nest's own way. */
export function runGuard(guard: CompilableGuard, context: ExecutionContext): boolean | Promise<boolean> {
  const http = context.switchToHttp();
  const waits = guard.compile(targetOf(context))?.(http.getRequest(), http.getResponse());
  return waits ? waits.then(() => true) : true;
}

/** Runs an interceptor in Nest's own way. */
export async function runInterceptor(
  interceptor: CompilableInterceptor,
  context: ExecutionContext,
  rest: () => Observable<unknown>,
): Promise<Observable<unknown>> {
  const http = context.switchToHttp();
  const next = (): Promise<unknown> => lastValueFrom(rest(), { defaultValue: undefined });
  return of(await interceptor.compile(targetOf(context))(http.getRequest(), http.getResponse(), next));
}

type Read = (request: RouteRequest) => unknown;

/** Reads a parameter in Nest's own way. */
export const READ_PARAM = (read: Read, context: ExecutionContext): unknown => read(context.switchToHttp().getRequest());
const FromRequest = createParamDecorator(READ_PARAM);

/** A parameter of a handler that `read` finds in the request. */
export const requestParam = (read: Read): ParameterDecorator => FromRequest(read);
