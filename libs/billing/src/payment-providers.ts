import { Injectable } from '@nestjs/common';
import { DomainError } from '@app/kernel';
import type { ProviderName } from './domain/payment.js';
import type { PaymentProvider } from './payment-provider.js';

/** The payment providers that are configured, by name. Adapters register at the start. */
@Injectable()
export class PaymentProviders {
  private readonly byName = new Map<ProviderName, PaymentProvider>();

  /** Adds an adapter. Called by its module, at the start. */
  register(provider: PaymentProvider): void {
    this.byName.set(provider.name, provider);
  }

  /** Names of the configured providers. */
  get configured(): ProviderName[] {
    return [...this.byName.keys()];
  }

  /** The provider, or null when it is not configured. */
  find(name: string): PaymentProvider | null {
    return this.byName.get(name as ProviderName) ?? null;
  }

  /**
   * The provider with this name.
   * @throws DomainError `provider_not_configured`
   * @example const outcome = await providers.get(settings.provider).charge(request);
   */
  get(name: ProviderName): PaymentProvider {
    const provider = this.byName.get(name);
    if (!provider)
      throw new DomainError(
        'conflict',
        'provider_not_configured',
        `The payment provider ${name} is not configured on this service.`,
      );
    return provider;
  }
}
