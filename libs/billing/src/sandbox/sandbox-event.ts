import { z } from 'zod';
import type { ProviderEvent } from '../payment-provider.js';
import { malformedEvent } from '../webhook-signature.js';

/** The account and mode of the sandbox: an event of another one changes nothing. */
const ACCOUNT = 'sandbox';

const schema = z.object({
  id: z.string().min(1).max(255),
  type: z.string().min(1).max(255),
  account: z.string().default(ACCOUNT),
  live: z.boolean().default(false),
  charge: z.string().nullish(),
  setup: z.string().nullish(),
  method: z.string().nullish(),
});

/** Reads the body of a sandbox event. @throws DomainError `malformed_event` */
export function readSandboxEvent(body: Buffer): ProviderEvent {
  const parsed = schema.safeParse(asJson(body));
  if (!parsed.success) throw malformedEvent();
  const { id, type, account, live, ...objects } = parsed.data;
  return { id, type, own: account === ACCOUNT && !live, about: aboutOf(objects) };
}

function aboutOf(objects: {
  [Kind in 'charge' | 'setup' | 'method']?: string | null | undefined;
}): ProviderEvent['about'] {
  for (const kind of ['charge', 'setup', 'method'] as const) {
    const providerId = objects[kind];
    if (providerId) return { kind, providerId };
  }
  return { kind: 'unknown' };
}

function asJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw malformedEvent();
  }
}
