import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';

/** Addresses of IPv6 that one household or machine has at will: the first four groups. */
const IPV6_BLOCK_BYTES = 8;

/** What counts as one caller: an IPv4 address, or the /64 that an IPv6 address is in. */
export function addressBlock(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const bytes = parsed.toByteArray();
  return `${ipaddr.fromByteArray([...bytes.slice(0, IPV6_BLOCK_BYTES), ...new Array<number>(bytes.length - IPV6_BLOCK_BYTES).fill(0)]).toString()}/64`;
}

/** Where a request comes from, as far as the proxies in front are trusted. */
export const CallerAddress = createParamDecorator((_: unknown, context: ExecutionContext): string =>
  addressBlock(context.switchToHttp().getRequest<FastifyRequest>().ip),
);
