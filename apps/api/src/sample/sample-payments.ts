import * as path from 'node:path';
import { Injectable } from '@nestjs/common';
import { BillingProfilesService, PaymentEvents, PaymentMethodsService, SandboxPages } from '@app/billing';
import type { Customer } from '@app/customers';
import { Clock, SYSTEM_ACTOR } from '@app/kernel';

const PROFILE = {
  name: 'Muster & Söhne GmbH',
  address: { line1: 'Beispielweg 2', line2: null, postalCode: '20095', city: 'Hamburg', region: null, country: 'DE' },
  taxId: 'DE987654321',
  email: 'accounts@muster.example',
};

/** The billing details and the payment method of the sample. */
@Injectable()
export class SamplePayments {
  constructor(
    private readonly profiles: BillingProfilesService,
    private readonly methods: PaymentMethodsService,
    private readonly pages: SandboxPages,
    private readonly events: PaymentEvents,
    private readonly clock: Clock,
  ) {}

  now(): Date {
    return this.clock.now();
  }

  async prepare(customer: Customer, product: string): Promise<void> {
    await this.profiles.put({ customerId: customer.id, actor: SYSTEM_ACTOR }, PROFILE);
    const { url } = await this.methods.startSetup(customer, { product, returnUrl: '/docs' });
    await this.pages.completeSetup(path.basename(new URL(url).pathname), 'succeeds');
    while ((await this.events.processDue()) > 0);
  }
}
