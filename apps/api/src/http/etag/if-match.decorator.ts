import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** What no version ever is: an If-Match that can match nothing. */
const NO_VERSION = -1;

/** The version that the caller has seen (If-Match, RFC 9110), or undefined when any will do. Weak tags never match. */
export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext): number | undefined => {
  const header = context.switchToHttp().getRequest<FastifyRequest>().headers['if-match'];
  if (header === undefined || header.trim() === '*') return undefined;
  const version = /^"(\d{1,9})"$/.exec(header.trim())?.[1];
  return version === undefined ? NO_VERSION : Number(version);
});
