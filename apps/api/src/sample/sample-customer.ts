import { Injectable, Logger } from '@nestjs/common';
import { type Invoice, InvoicesService } from '@app/billing';
import { CatalogService } from '@app/catalog';
import { type Customer, CustomersService, TestClocksService } from '@app/customers';
import { addDays, SYSTEM_ACTOR } from '@app/kernel';
import { MeteringService } from '@app/metering';
import { EnrolmentService } from '@app/subscriptions';
import { packageFolder } from '../package-folder.js';
import { SamplePayments } from './sample-payments.js';
import { AdvanceClockOperation } from '../test-clocks/advance-clock.operation.js';

const PRODUCT = 'cloud';
const KEY = 'cloud-customer';
const ALL = { productId: null, customerId: null };
/** Requests per month: 1,000 are included, and what is beyond costs by tiers. */
const REQUESTS = [1_500, 800, 2_800];
/** Long enough for three months, and for the grace of usage after the last one. */
const DAYS = 93;
const PROFILE = { name: 'Muster & Söhne GmbH', email: 'accounts@muster.example', region: 'DE', currency: 'EUR' };

/** A customer with three months of invoices, paid by the sandbox provider. It lives on a test clock. */
@Injectable()
export class SampleCustomer {
  private readonly logger = new Logger('SampleCustomer');

  constructor(
    private readonly catalog: CatalogService,
    private readonly customers: CustomersService,
    private readonly clocks: TestClocksService,
    private readonly enrolment: EnrolmentService,
    private readonly metering: MeteringService,
    private readonly advancing: AdvanceClockOperation,
    private readonly invoices: InvoicesService,
    private readonly payments: SamplePayments,
  ) {}

  /**
   * Creates the sample unless it exists. The service starts without it when another process creates it meanwhile.
   * @returns its newest invoice; null when the sample is not complete
   */
  async ensure(): Promise<Invoice | null> {
    try {
      await this.catalog.loadSamples(packageFolder('samples', 'with-billing'));
      const customer = (await this.customers.findByKey(KEY)) ?? (await this.create());
      const { data } = await this.invoices.list(
        { limit: 1, after: null },
        { scope: { ...ALL, customerId: customer.id } },
      );
      return data[0] ?? null;
    } catch (error) {
      this.logger.log({ message: 'The sample customer is not complete', error: String(error) });
      return null;
    }
  }

  private async create(): Promise<Customer> {
    const end = this.payments.now();
    const start = addDays(end, -DAYS, 'UTC');
    const { id: testClockId } = await this.clocks.create(start, null, SYSTEM_ACTOR);
    const enrolment = { key: KEY, profile: PROFILE, products: [PRODUCT], testClockId, actor: SYSTEM_ACTOR };
    const { customer } = await this.enrolment.enrol(enrolment);
    await this.payments.prepare(customer, PRODUCT);
    for (const [index, quantity] of REQUESTS.entries()) {
      const usage = { customer, product: PRODUCT, feature: 'requests', quantity, actor: SYSTEM_ACTOR };
      await this.metering.consume(usage);
      const until = index === REQUESTS.length - 1 ? end : addDays(start, (index + 1) * 31, 'UTC');
      await this.advancing.advance(testClockId, until, { scope: ALL, actor: SYSTEM_ACTOR });
    }
    return customer;
  }
}
