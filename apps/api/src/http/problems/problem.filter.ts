import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { AccessRefusals } from '../access/access-refusals.js';
import type { RouteRequest } from '../routes/route.js';
import { PROBLEM_CONTENT_TYPE, toProblem } from './problem.js';

/** Answers every error as application/problem+json. Unexpected errors are logged with the request id. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  constructor(private readonly refusals: AccessRefusals) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest(), http.getResponse());
  }

  /** Answers a request with the problem of an error. */
  answer(error: unknown, request: RouteRequest, reply: FastifyReply): void {
    const { problem, retryAfterSeconds, unexpected } = toProblem(error, request);
    if (problem.status === 403) this.refusals.note(problem, request);
    if (unexpected)
      this.logger.error({
        requestId: request.id,
        route: request.routeOptions?.url,
        error: error instanceof Error ? error.stack : String(error),
      });
    if (reply.sent) return;
    if (problem.status === 401) void reply.header('www-authenticate', wwwAuthenticate(problem.code));
    if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(Math.ceil(retryAfterSeconds)));
    void reply.status(problem.status).header('content-type', PROBLEM_CONTENT_TYPE).send(JSON.stringify(problem));
  }
}

/** RFC 6750: `error` is sent only when the request had credentials. */
function wwwAuthenticate(code: string): string {
  return code === 'authentication_required'
    ? 'Bearer realm="tollgate"'
    : 'Bearer realm="tollgate", error="invalid_token"';
}
