import { Injectable } from '@nestjs/common';
import { BillingProfilesService, PaymentMethodRecords } from '@app/billing';
import { UsageEntitiesService } from '@app/metering';

/**
 * Erases personal data that other libs keep about a customer: names of entities, the billing profile, payment
 * methods. Copies on finalized
 * invoices stay, because tax law requires sellers to keep them.
 */
@Injectable()
export class CustomerDataEraser {
  constructor(
    private readonly usageEntities: UsageEntitiesService,
    private readonly billingProfiles: BillingProfilesService,
    private readonly paymentMethods: PaymentMethodRecords,
  ) {}

  /** Needs a transaction that holds the lock of the customer. */
  async erase(customerId: string): Promise<void> {
    await this.usageEntities.eraseNames(customerId);
    await this.billingProfiles.erase(customerId);
    await this.paymentMethods.erase(customerId);
  }
}
