import { DomainError } from '@app/kernel';

export const PAYMENT_STATUSES = [
  'pending',
  'requires_action',
  'succeeded',
  'failed',
  'refunded',
  'partially_refunded',
] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

export const PROVIDERS = ['sandbox', 'manual', 'stripe'] as const;
export type ProviderName = (typeof PROVIDERS)[number];

/** One attempt to pay an invoice. */
export interface Payment {
  id: string;
  customerId: string;
  productId: string;
  invoiceId: string;
  provider: ProviderName;
  /** Id at the provider; null until it is known. */
  providerId: string | null;
  paymentMethodId: string | null;
  /** 1, 2, 3 and so on per invoice. With the invoice it is the idempotency key at the provider. */
  attempt: number;
  amount: number;
  refunded: number;
  /**
   * The part that was moved to the credit balance: no invoice needed it, or its refund failed. The balance may have
   * paid other invoices with it since.
   */
  excess: number;
  currency: string;
  status: PaymentStatus;
  failureCode: string | null;
  /** True: declined permanently, such as a stolen card. The same payment method is not charged again automatically. */
  hard: boolean;
  /** Where the payer confirms the payment, while the status is `requires_action`. */
  actionUrl: string | null;
  /** Reference of a bank transfer, for the provider `manual`. */
  reference: string | null;
  disputedAt: Date | null;
  /** When a worker queries the provider for the outcome, while it is not known: real time, also on test clocks. */
  checkAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** True while the outcome of a payment is not known. */
export const isUnderWay = (payment: Pick<Payment, 'status'> | null): boolean =>
  payment?.status === 'pending' || payment?.status === 'requires_action';

/** Code of the refusal of a command while a payment of its invoice is under way. */
export const PAYMENT_UNDER_WAY = 'payment_under_way';

/**
 * Refuses a command on a locked invoice while a payment of it is under way.
 * @throws DomainError `payment_under_way`
 */
export function assertNoneUnderWay(payment: Pick<Payment, 'id' | 'actionUrl'> | null): void {
  if (!payment) return;
  throw new DomainError(
    'conflict',
    PAYMENT_UNDER_WAY,
    'A payment of the invoice is under way at its provider; retry when its outcome is known.',
    { payment: payment.id, actionUrl: payment.actionUrl },
  );
}

export const REFUND_STATUSES = ['pending', 'succeeded', 'failed'] as const;
export type RefundStatus = (typeof REFUND_STATUSES)[number];

/** Money that goes back to the payment method of a payment. Its id is the idempotency key at the provider. */
export interface Refund {
  id: string;
  customerId: string;
  paymentId: string;
  /** The document of the refund: a credit note, or a negative invoice. Both null: money that no invoice needed. */
  creditNoteId: string | null;
  invoiceId: string | null;
  amount: number;
  currency: string;
  status: RefundStatus;
  providerId: string | null;
  failureCode: string | null;
  /** When a worker calls the provider, while the outcome is not known: real time. */
  checkAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** A stored card or account of a customer. Card data never reaches this service. */
export interface PaymentMethod {
  id: string;
  customerId: string;
  provider: ProviderName;
  providerId: string;
  type: string;
  brand: string | null;
  last4: string | null;
  expiresMonth: number | null;
  expiresYear: number | null;
  isDefault: boolean;
  createdAt: Date;
  detachedAt: Date | null;
}
