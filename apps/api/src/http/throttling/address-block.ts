import ipaddr from 'ipaddr.js';
import type { AttemptSource } from '@app/auth';
import { originOf } from '../access/request-origin.decorator.js';
import { requestParam } from '../routes/route.js';

/** Bytes of a /64: one household or machine can use every address in it. */
const IPV6_BLOCK_BYTES = 8;

/** The address that is counted as one caller: an IPv4 address, or the /64 of an IPv6 address. */
export function addressBlock(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const bytes = parsed.toByteArray();
  return `${ipaddr.fromByteArray([...bytes.slice(0, IPV6_BLOCK_BYTES), ...new Array<number>(bytes.length - IPV6_BLOCK_BYTES).fill(0)]).toString()}/64`;
}

/** Address, address block and request id of the caller, as reported by trusted proxies. */
export const CallerSource = () =>
  requestParam((request): AttemptSource => ({ ...originOf(request), block: addressBlock(request.ip) }));
