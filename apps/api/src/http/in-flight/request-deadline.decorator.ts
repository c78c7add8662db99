import { RouteConfig } from '@nestjs/platform-fastify';

/** Deadline of a route that waits for a payment provider: longer than the provider is waited for. Seconds. */
export const PROVIDER_SECONDS = 45;

/** Deadline of a route for the start of its response, in seconds. Other routes have REQUEST_DEADLINE_MS. */
export const RequestDeadline = (seconds: number): MethodDecorator => RouteConfig({ deadlineMs: seconds * 1_000 });
