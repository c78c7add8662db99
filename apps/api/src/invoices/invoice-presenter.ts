import { Injectable } from '@nestjs/common';
import type { Invoice } from '@app/billing';
import { CatalogReader } from '@app/catalog';
import { CustomersService } from '@app/customers';
import { InvoiceDto } from './dto/invoice.dto.js';

/** Replaces ids with the keys that callers know. */
@Injectable()
export class InvoicePresenter {
  constructor(
    private readonly catalog: CatalogReader,
    private readonly customers: CustomersService,
  ) {}

  async one(invoice: Invoice): Promise<InvoiceDto> {
    const [presented] = await this.many([invoice]);
    return presented!;
  }

  async many(invoices: Invoice[]): Promise<InvoiceDto[]> {
    const keys = await this.customers.keysOf(invoices.map(({ customerId }) => customerId));
    return Promise.all(
      invoices.map(async (invoice) =>
        InvoiceDto.of({
          ...invoice,
          customer: keys.get(invoice.customerId)!,
          product: await this.catalog.productKey(invoice.productId),
        }),
      ),
    );
  }
}
