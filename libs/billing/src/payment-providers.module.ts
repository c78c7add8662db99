import { Module, type OnModuleInit } from '@nestjs/common';
import { Config } from '@app/platform';
import { ManualProvider } from './manual-provider.js';
import { PaymentEventsRepository } from './payment-events.repository.js';
import { PaymentProviders } from './payment-providers.js';
import { SandboxPages } from './sandbox/sandbox-pages.js';
import { SandboxProvider } from './sandbox/sandbox-provider.js';
import { SandboxRepository } from './sandbox/sandbox.repository.js';
import { SandboxSignature } from './sandbox/sandbox-signature.js';

/** The registry of payment providers, and the two adapters that need no account elsewhere. */
@Module({
  providers: [
    ManualProvider,
    PaymentEventsRepository,
    PaymentProviders,
    SandboxPages,
    SandboxProvider,
    SandboxRepository,
    SandboxSignature,
  ],
  exports: [PaymentEventsRepository, PaymentProviders, SandboxPages, SandboxSignature],
})
export class PaymentProvidersModule implements OnModuleInit {
  constructor(
    private readonly providers: PaymentProviders,
    private readonly sandbox: SandboxProvider,
    private readonly manual: ManualProvider,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    if (this.config.sandboxPayments) this.providers.register(this.sandbox);
    this.providers.register(this.manual);
  }
}
