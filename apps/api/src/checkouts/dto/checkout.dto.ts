import { ApiProperty } from '@nestjs/swagger';
import {
  type Checkout,
  CHECKOUT_STATUSES,
  type CheckoutStatus,
  PAYMENT_STATUSES,
  type Payment,
  type PaymentStatus,
} from '@app/billing';
import { InvoiceDto } from '../../invoices/dto/invoice.dto.js';

/** The last attempt to pay the invoice of a checkout. */
export class CheckoutPaymentDto {
  id: string;
  @ApiProperty({ enum: PAYMENT_STATUSES })
  status: PaymentStatus;
  failureCode: string | null;
  /** Where the payer confirms the payment; null unless it is `requires_action`. */
  actionUrl: string | null;

  static of({ id, status, failureCode, actionUrl }: Payment): CheckoutPaymentDto {
    return { id, status, failureCode, actionUrl };
  }
}

/** A new subscription or an upgrade that takes effect when its first invoice is paid. */
export class CheckoutDto {
  id: string;
  /** `failed`: it was paid, but could not take effect any more; the money is in the credit balance. */
  @ApiProperty({ enum: CHECKOUT_STATUSES })
  status: CheckoutStatus;
  /** The subscription that changes, or the id of the one that will start. */
  subscription: string;
  invoice: InvoiceDto;
  /** null until it is tried. */
  payment: CheckoutPaymentDto | null;
  /** It is given up then, unless it is paid. */
  expiresAt: Date;
  /** Increases by one with every change; the ETag. */
  version: number;
  createdAt: Date;

  static of(
    { id, status, subscriptionId, expiresAt, version, createdAt }: Checkout,
    { invoice, payment }: { invoice: InvoiceDto; payment: Payment | null },
  ): CheckoutDto {
    return {
      id,
      status,
      subscription: subscriptionId,
      invoice,
      payment: payment && CheckoutPaymentDto.of(payment),
      expiresAt,
      version,
      createdAt,
    };
  }
}
