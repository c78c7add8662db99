import type { LookupFunction } from 'node:net';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Agent } from 'undici';
import type { Outcome } from '@app/deliveries';
import { Clock } from '@app/kernel';
import { AddressPolicy, RefusedAddress } from './address-policy.js';
import { TargetAddresses } from './target-addresses.js';
import type { WebhookTarget } from './webhook-endpoints.repository.js';
import { WebhookSecrets } from './webhook-secrets.js';
import { signedHeaders } from './webhook-signature.js';

/** Total timeout of an attempt: name, connection, request and response. Milliseconds. */
const ATTEMPT_TIMEOUT_MS = 15_000;
const CONNECT_MS = 5_000;
const MAX_RESPONSE_BYTES = 65_536;
const MAX_HEADER_BYTES = 16_384;
/** Pause after 429 and 503 without a valid `Retry-After`, and the longest accepted one. Milliseconds. */
const PAUSE_MS = { default: 60_000, max: 3_600_000 };

/** Outcome in the delivery log by error code. */
const FAILURES: Record<string, string> = {
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_lost',
  EPIPE: 'connection_lost',
  UND_ERR_SOCKET: 'connection_lost',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENOTFOUND: 'unknown_host',
  EAI_AGAIN: 'unknown_host',
  ENODATA: 'unknown_host',
  ETIMEOUT: 'unknown_host',
  ESERVFAIL: 'unknown_host',
  EREFUSED: 'unknown_host',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  ETIMEDOUT: 'timeout',
  UND_ERR_ABORTED: 'timeout',
  UND_ERR_HEADERS_OVERFLOW: 'answer_too_large',
  HPE_HEADER_OVERFLOW: 'answer_too_large',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls_failed',
  EPROTO: 'tls_failed',
};

/** Makes one attempt over HTTP. */
@Injectable()
export class WebhookSender implements OnApplicationShutdown {
  private readonly agents = new Map<string, Promise<Agent>>();

  constructor(
    private readonly addresses: AddressPolicy,
    private readonly targets: TargetAddresses,
    private readonly secrets: WebhookSecrets,
    private readonly clock: Clock,
  ) {}

  /** Signs a message with the current time and posts it. */
  async send(target: WebhookTarget, messageId: string, body: string): Promise<Outcome> {
    const at = this.clock.now();
    return this.post(target, body, signedHeaders(messageId, at, body, this.secrets.active(target, at)));
  }

  /** Never throws, ends within `ATTEMPT_TIMEOUT_MS`, and reads at most `MAX_RESPONSE_BYTES` of the response. */
  private async post(target: WebhookTarget, body: string, headers: Record<string, string>): Promise<Outcome> {
    const url = new URL(target.url);
    const signal = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS);
    try {
      // Names are vetted in `lookup` when the socket connects; literal addresses skip the lookup, so they are vetted
      // here.
      if (isLiteral(url)) await this.addresses.vetted(url);
      const agent = await this.agentFor(url.protocol);
      const response = await agent.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: 'POST',
        body,
        signal,
        headers: { 'content-type': 'application/json', 'user-agent': 'Tollgate-Webhooks/1', ...headers },
      });
      // The body is read and dropped so that the connection can be reused.
      await response.body.dump({ limit: MAX_RESPONSE_BYTES, signal }).catch(() => undefined);
      return outcomeOf(response.statusCode, pauseOf(String(response.headers['retry-after'] ?? ''), this.clock.now()));
    } catch (error) {
      const cause = causeOf(error);
      if (cause instanceof RefusedAddress) this.targets.blockedWhenSent(target, cause);
      return failureOf(cause, signal.aborted);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    for (const agent of this.agents.values()) await (await agent).destroy();
  }

  private agentFor(protocol: string): Promise<Agent> {
    const agent = this.agents.get(protocol) ?? this.createAgent(protocol);
    this.agents.set(protocol, agent);
    return agent;
  }

  /**
   * Connects to vetted addresses only: the name is resolved once, and the socket uses exactly that result (no
   * rebinding). The package is loaded here: it takes 3 MB, and most processes send nothing.
   */
  private async createAgent(protocol: string): Promise<Agent> {
    const { Agent } = await import('undici');
    const lookup: LookupFunction = (hostname, options, callback) => {
      this.addresses.vetted({ protocol, hostname }).then(
        (found) => {
          const fitting = options.family ? found.filter(({ family }) => family === options.family) : found;
          const usable = fitting.length > 0 ? fitting : found;
          if (options.all) callback(null, usable);
          else callback(null, usable[0]!.address, usable[0]!.family);
        },
        (error: NodeJS.ErrnoException) => callback(error, []),
      );
    };
    // Unlimited connections: two endpoints on one host must not wait for each other. The dispatcher limits attempts.
    return new Agent({
      connections: null,
      headersTimeout: ATTEMPT_TIMEOUT_MS,
      bodyTimeout: ATTEMPT_TIMEOUT_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      connect: { timeout: CONNECT_MS, lookup },
    });
  }
}

const isLiteral = ({ hostname }: URL): boolean => hostname.startsWith('[') || /^[\d.]+$/.test(hostname);

function outcomeOf(statusCode: number, pauseMs: number): Outcome {
  if (statusCode >= 200 && statusCode < 300) return { result: 'delivered', why: 'delivered', statusCode };
  if (statusCode === 410) return { result: 'gone', why: 'gone', statusCode };
  if (statusCode >= 300 && statusCode < 400) return { result: 'retry', why: 'redirect', statusCode };
  const slowDown = statusCode === 429 || statusCode === 503;
  return { result: 'retry', why: `status_${statusCode}`, statusCode, ...(slowDown ? { pauseMs } : {}) };
}

/** `Retry-After` (RFC 9110, 10.2.3): seconds, or a date. */
function pauseOf(retryAfter: string, now: Date): number {
  const ms = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - now.getTime();
  return Number.isNaN(ms) ? PAUSE_MS.default : Math.min(Math.max(ms, 1_000), PAUSE_MS.max);
}

function failureOf(cause: unknown, timedOut: boolean): Outcome {
  if (cause instanceof RefusedAddress) return { result: 'never', why: 'blocked' };
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const certificate = /CERT|SIGNATURE|ISSUER/.test(code);
  return {
    result: 'retry',
    why: timedOut ? 'timeout' : certificate ? 'tls_failed' : (FAILURES[code] ?? 'connection_failed'),
  };
}

/** The first error when a connection was tried to several addresses. */
function causeOf(error: unknown): unknown {
  if (error instanceof AggregateError) return causeOf(error.errors[0]);
  const { cause } = (error ?? {}) as { cause?: unknown };
  return cause === undefined ? error : causeOf(cause);
}
