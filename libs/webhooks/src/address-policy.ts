import { type LookupAddress, promises as dns } from 'node:dns';
import { Injectable } from '@nestjs/common';
import ipaddr from 'ipaddr.js';
import pLimit from 'p-limit';
import { Config } from '@app/platform';

/** Timeout for resolving a name. Milliseconds. */
const RESOLVE_MS = 5_000;
/** TTL of resolved addresses in ms. They were vetted, so they may be reused. */
const REMEMBERED_MS = 10_000;
const MAX_REMEMBERED = 1_000;
/** Timeout in ms and number of tries for each name server. */
const PATIENCE = { timeout: 2_000, tries: 2 };
/** Error codes of name servers that do not respond. The system resolver would wait for them too. */
const NO_ANSWER = new Set(['ETIMEOUT', 'ESERVFAIL']);
/** The system resolver runs on the four threads of libuv, which file access and crypto share. */
const MAX_CONCURRENT_LOOKUPS = 2;
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3');

/** The address must not receive webhooks. The message and the code say why. */
export class RefusedAddress extends Error {
  constructor(
    readonly code: 'not_public' | 'not_https',
    message: string,
  ) {
    super(message);
  }
}

/** Resolves host names. A class, so that tests can replace it. */
@Injectable()
export class AddressLookup {
  private readonly resolver = new dns.Resolver(PATIENCE);
  private readonly limit = pLimit(MAX_CONCURRENT_LOOKUPS);

  /**
   * Resolves a name by the name servers, without blocking a thread. When they do not know it, or none is configured,
   * the
   * system resolver answers, with its hosts file and search domains.
   * @throws Error when the name cannot be resolved
   */
  async all(hostname: string): Promise<LookupAddress[]> {
    const answers = await Promise.allSettled([this.resolver.resolve4(hostname), this.resolver.resolve6(hostname)]);
    const found = answers.flatMap((answer, index) =>
      answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family: index === 0 ? 4 : 6 })) : [],
    );
    if (found.length > 0) return found;
    for (const answer of answers)
      if (answer.status === 'rejected' && NO_ANSWER.has((answer.reason as NodeJS.ErrnoException).code ?? ''))
        throw answer.reason;
    return this.limit(() => dns.lookup(hostname, { all: true }));
  }
}

/** Allowed addresses: public ones by HTTPS, and those in `WEBHOOK_ALLOWED_NETWORKS`. Prevents SSRF. */
@Injectable()
export class AddressPolicy {
  private readonly allowed: [ipaddr.IPv4 | ipaddr.IPv6, number][];
  private readonly remembered = new Map<string, { until: number; found: Promise<LookupAddress[]> }>();

  constructor(
    private readonly lookup: AddressLookup,
    { webhookAllowedNetworks }: Config,
  ) {
    this.allowed = webhookAllowedNetworks.map((network) =>
      network.includes('/') ? ipaddr.parseCIDR(network) : wholeOf(ipaddr.parse(network)),
    );
  }

  /**
   * Resolves a URL and checks every address of it.
   * @throws RefusedAddress when one address is not allowed; Error when the name has no address
   */
  async vetted({ protocol, hostname }: Pick<URL, 'protocol' | 'hostname'>): Promise<LookupAddress[]> {
    const literal = hostname.replace(/^\[|\]$/g, '');
    const addresses = ipaddr.isValid(literal)
      ? [{ address: literal, family: ipaddr.parse(literal).kind() === 'ipv6' ? 6 : 4 }]
      : await this.resolve(hostname);
    for (const { address } of addresses) this.vet(address, protocol);
    return addresses;
  }

  private vet(text: string, protocol: string): void {
    // An IPv4 address mapped into IPv6 is checked as IPv4.
    const address = ipaddr.process(text);
    if (this.allowed.some((network) => network[0].kind() === address.kind() && address.match(network))) return;
    const isPublic = address.range() === 'unicast' && (address.kind() === 'ipv4' || address.match(GLOBAL_IPV6));
    if (!isPublic)
      throw new RefusedAddress(
        'not_public',
        'leads to an address that is neither public nor in WEBHOOK_ALLOWED_NETWORKS',
      );
    if (protocol !== 'https:') throw new RefusedAddress('not_https', 'must be https:// to reach a public address');
  }

  private resolve(hostname: string): Promise<LookupAddress[]> {
    const now = performance.now();
    const known = this.remembered.get(hostname);
    if (known && known.until > now) return known.found;
    if (this.remembered.size >= MAX_REMEMBERED) this.remembered.clear();
    const found = within(RESOLVE_MS, this.lookup.all(hostname));
    this.remembered.set(hostname, { until: now + REMEMBERED_MS, found });
    found.catch(() => undefined);
    return found;
  }
}

const wholeOf = (address: ipaddr.IPv4 | ipaddr.IPv6): [ipaddr.IPv4 | ipaddr.IPv6, number] => [
  address,
  address.kind() === 'ipv4' ? 32 : 128,
];

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>(
    (_, reject) =>
      (timer = setTimeout(
        () => reject(Object.assign(new Error('The name was not resolved in time.'), { code: 'EAI_AGAIN' })),
        ms,
      )),
  );
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
