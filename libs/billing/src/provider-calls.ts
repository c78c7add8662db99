import { Injectable } from '@nestjs/common';
import { breakerFor, isCircuitOpen, Metrics } from '@app/platform';
import type { ProviderName } from './domain/payment.js';
import { ADAPTER_TIMEOUT_MS, PROVIDER_TIMEOUT_MS } from './domain/provider-times.js';
import { withProviderDeadline } from './provider-deadline.js';
import { type PaymentProvider, ProviderUnavailable } from './payment-provider.js';
import { PaymentProviders } from './payment-providers.js';

type Breaker = ReturnType<typeof breakerFor>;

/** Consecutive calls without an answer after which a provider is not called. */
const FAILURES = 5;
/** Time until one call tests the provider again. Milliseconds. */
const OPEN_MS = 15_000;

/** Calls payment providers, each bounded in time and behind its own circuit breaker. */
@Injectable()
export class ProviderCalls {
  private readonly breakers = new Map<ProviderName, Breaker>();

  constructor(
    private readonly providers: PaymentProviders,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Calls a provider. Not in a transaction: it takes seconds when the provider is slow.
   * @throws ProviderUnavailable when the outcome is not known, also because the breaker is open
   * @throws DomainError `provider_not_configured`
   * @example const outcome = await calls.call('stripe', (provider) => provider.charge(request));
   */
  async call<T>(name: ProviderName, work: (provider: PaymentProvider) => Promise<T>): Promise<T> {
    const provider = this.providers.get(name);
    try {
      return await this.breakerOf(name).execute(() =>
        inTime(withProviderDeadline(ADAPTER_TIMEOUT_MS, () => work(provider))),
      );
    } catch (error) {
      if (isCircuitOpen(error)) throw new ProviderUnavailable(`The provider ${name} is not called while it fails.`);
      throw error;
    }
  }

  private breakerOf(name: ProviderName): Breaker {
    const known = this.breakers.get(name);
    if (known) return known;
    const breaker = breakerFor(this.metrics, {
      dependency: `payments_${name}`,
      failures: FAILURES,
      openMs: OPEN_MS,
      isFailure: (error) => error instanceof ProviderUnavailable,
    });
    this.breakers.set(name, breaker);
    return breaker;
  }
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new ProviderUnavailable(`No answer within ${PROVIDER_TIMEOUT_MS} ms.`)),
      PROVIDER_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
