import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Origin } from '@app/kernel';

/** Address and id of a request, for routes without a principal. */
export const RequestOrigin = createParamDecorator((_: unknown, context: ExecutionContext): Origin =>
  originOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

export const originOf = ({ ip, id }: FastifyRequest): Origin => ({ address: ip, requestId: id });
