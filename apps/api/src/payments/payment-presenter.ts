import { Injectable } from '@nestjs/common';
import { type Payment, Refunds } from '@app/billing';
import { CatalogReader } from '@app/catalog';
import { CustomersService } from '@app/customers';
import { PaymentDto, type PaymentWithRefundsDto, RefundDto } from './dto/payment.dto.js';

/** Replaces ids with the keys that callers know. */
@Injectable()
export class PaymentPresenter {
  constructor(
    private readonly refunds: Refunds,
    private readonly catalog: CatalogReader,
    private readonly customers: CustomersService,
  ) {}

  /** A payment with its refunds. */
  async one(payment: Payment): Promise<PaymentWithRefundsDto> {
    const [presented] = await this.many([payment]);
    return { ...presented!, refunds: (await this.refunds.of(payment)).map(RefundDto.of) };
  }

  async many(payments: Payment[]): Promise<PaymentDto[]> {
    const keys = await this.customers.keysOf(payments.map(({ customerId }) => customerId));
    return Promise.all(
      payments.map(async (payment) =>
        PaymentDto.of({
          ...payment,
          customer: keys.get(payment.customerId)!,
          product: await this.catalog.productKey(payment.productId),
        }),
      ),
    );
  }
}
