import type { FastifyRequest } from 'fastify';
import type { Origin } from '@app/kernel';
import { requestParam } from '../routes/route.js';

/** Address and id of a request, for routes without a principal. */
export const RequestOrigin = () => requestParam(originOf);

export const originOf = ({ ip, id }: FastifyRequest): Origin => ({ address: ip, requestId: id });
