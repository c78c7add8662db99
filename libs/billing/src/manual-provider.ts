import { Injectable } from '@nestjs/common';
import { DomainError } from '@app/kernel';
import { invalidSignature } from './webhook-signature.js';
import {
  type ChargeOutcome,
  type ChargeRequest,
  PaymentProvider,
  type ProviderCharge,
  type ProviderEvent,
  type ProviderMethod,
  type RefundOutcome,
  type RefundRequest,
} from './payment-provider.js';

const PREFIX = 'transfer_';

/**
 * Bank transfers. Nothing is charged: a charge stays `pending` until finance marks the invoice as paid, with the
 * reference of the transfer. A refund counts as made when it is requested: finance transfers the money back.
 */
@Injectable()
export class ManualProvider extends PaymentProvider {
  readonly name = 'manual';
  readonly chargesMethods = false;
  readonly signatureHeader = null;

  async ensureAccount({ id }: { id: string }): Promise<string> {
    return `manual_${id}`;
  }

  async deleteAccount(): Promise<void> {
    // There are no accounts.
  }

  startSetup(): Promise<{ url: string; providerId: string }> {
    return Promise.reject(
      new DomainError(
        'conflict',
        'no_payment_methods',
        'Invoices of this product are paid by bank transfer: there is no payment method to store.',
      ),
    );
  }

  async findSetup(): Promise<ProviderMethod | null> {
    return null;
  }

  async findMethod(): Promise<ProviderMethod | null> {
    return null;
  }

  async detachMethod(): Promise<void> {
    // There are no payment methods.
  }

  async charge({ metadata }: ChargeRequest): Promise<ChargeOutcome> {
    return { status: 'pending', providerId: `${PREFIX}${metadata.payment}` };
  }

  /** Null: the payment of this service is the only record of a transfer. */
  async getCharge(): Promise<ProviderCharge | null> {
    return null;
  }

  async findCharge({ request }: { request: ChargeRequest }): Promise<ProviderCharge | null> {
    const { amount, currency, metadata } = request;
    const outcome = await this.charge(request);
    return { outcome, amount, currency, metadata, refunded: 0, refunds: [], disputed: false };
  }

  async cancelCharge(providerId: string): Promise<ChargeOutcome> {
    return { status: 'failed', providerId, code: 'canceled', hard: false };
  }

  async refund({ idempotencyKey }: RefundRequest): Promise<RefundOutcome> {
    return { status: 'succeeded', providerId: `${PREFIX}${idempotencyKey}` };
  }

  async findRefund({ request }: { request: RefundRequest }): Promise<RefundOutcome | null> {
    return this.refund(request);
  }

  readEvent(): ProviderEvent {
    throw invalidSignature();
  }
}
