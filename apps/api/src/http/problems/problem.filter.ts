import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PROBLEM_CONTENT_TYPE, toProblem } from './problem.js';

/** Every error leaves as application/problem+json; bugs are logged under their request id. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const { problem, retryAfterSeconds, unforeseen } = toProblem(error, request);
    if (unforeseen)
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

/** RFC 6750: the error is named only when a credential was given. */
function wwwAuthenticate(code: string): string {
  return code === 'authentication_required'
    ? 'Bearer realm="tollgate"'
    : 'Bearer realm="tollgate", error="invalid_token"';
}
