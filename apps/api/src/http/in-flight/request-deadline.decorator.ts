import { RouteConfig } from '@nestjs/platform-fastify';

/** The route may take this long to begin its answer, in seconds: longer than REQUEST_DEADLINE_MS gives the others. */
export const RequestDeadline = (seconds: number): MethodDecorator => RouteConfig({ deadlineMs: seconds * 1_000 });
