import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Origin } from '@app/kernel';

/** Where a request comes from, for routes on which nobody has said yet who they are. */
export const RequestOrigin = createParamDecorator((_: unknown, context: ExecutionContext): Origin =>
  originOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

export const originOf = ({ ip, id }: FastifyRequest): Origin => ({ address: ip, requestId: id });
