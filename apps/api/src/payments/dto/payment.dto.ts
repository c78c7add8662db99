import type { Payment, PaymentStatus, ProviderName, Refund, RefundStatus } from '@app/billing';

/** A payment with the keys that callers know. */
export interface NamedPayment extends Payment {
  customer: string;
  product: string;
}

/** Money that goes back to the payment method of a payment. */
export class RefundDto {
  id: string;
  /** Id of the credit note; null for a refund of an invoice with a negative total, or of what no invoice needed. */
  creditNote: string | null;
  /** Minor units. */
  amount: number;
  currency: string;
  /** `pending`, `succeeded` or `failed`. A failed refund was moved to the credit balance. */
  status: RefundStatus;
  failureCode: string | null;
  createdAt: Date;

  static of({ id, creditNoteId, amount, currency, status, failureCode, createdAt }: Refund): RefundDto {
    return { id, creditNote: creditNoteId, amount, currency, status, failureCode, createdAt };
  }
}

/** One attempt to pay an invoice. */
export class PaymentDto {
  id: string;
  /** Key of the customer. */
  customer: string;
  /** Key of the product. */
  product: string;
  /** Id of the invoice. */
  invoice: string;
  /** `sandbox`, `manual` or `stripe`. `manual`: a bank transfer that was recorded. */
  provider: ProviderName;
  /** Id of the charge at the provider; null until it is known. */
  providerId: string | null;
  /** Id of the payment method; null for a bank transfer. */
  paymentMethod: string | null;
  /** 1, 2, 3 and so on per invoice. */
  attempt: number;
  /** Minor units. */
  amount: number;
  /** Sum of the refunds that were requested or have succeeded, in minor units. */
  refunded: number;
  /**
   * The part that was moved to the credit balance, in minor units: no invoice needed it, or its refund failed. It can
   * be refunded while the balance has it.
   */
  excess: number;
  currency: string;
  /** `pending`, `requires_action`, `succeeded`, `failed`, `partially_refunded` or `refunded`. */
  status: PaymentStatus;
  /** Why it failed, as the provider says, such as `insufficient_funds`. */
  failureCode: string | null;
  /** Where the payer confirms it, while the status is `requires_action`. */
  actionUrl: string | null;
  /** Reference of a bank transfer. */
  reference: string | null;
  /** When the payer disputed it at its bank; null: never. */
  disputedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;

  static of(payment: NamedPayment): PaymentDto {
    return {
      id: payment.id,
      customer: payment.customer,
      product: payment.product,
      invoice: payment.invoiceId,
      provider: payment.provider,
      providerId: payment.providerId,
      paymentMethod: payment.paymentMethodId,
      attempt: payment.attempt,
      amount: payment.amount,
      refunded: payment.refunded,
      excess: payment.excess,
      currency: payment.currency,
      status: payment.status,
      failureCode: payment.failureCode,
      actionUrl: payment.actionUrl,
      reference: payment.reference,
      disputedAt: payment.disputedAt,
      createdAt: payment.createdAt,
      updatedAt: payment.updatedAt,
    };
  }
}

/** A payment with its refunds. */
export class PaymentWithRefundsDto extends PaymentDto {
  /** Oldest first. */
  refunds: RefundDto[];
}

export class PaymentPageDto {
  data: PaymentDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
