import type { ProviderName } from './domain/payment.js';

/** A charge of a stored payment method. The same idempotency key never charges twice. */
export interface ChargeRequest {
  /** `invoice id:attempt`. */
  idempotencyKey: string;
  /** Minor units. */
  amount: number;
  currency: string;
  /** Id of the customer at the provider. */
  account: string;
  /** Id of the payment method at the provider. */
  method: string;
  description: string;
  /** Stored at the provider, so that its events lead back here. Ids of this service. */
  metadata: ChargeMetadata;
}

export interface ChargeMetadata {
  invoice: string;
  payment: string;
  customer: string;
}

/**
 * The state of a charge at the provider. `pending`: its outcome follows. `requires_action`: the payer confirms it at
 * `actionUrl`. `failed` with `hard` is never retried: the card was stolen, the account closed.
 */
export type ChargeOutcome =
  | { status: 'succeeded' | 'pending'; providerId: string }
  | { status: 'requires_action'; providerId: string; actionUrl: string | null }
  | { status: 'failed'; providerId: string | null; code: string; hard: boolean };

export interface RefundRequest {
  idempotencyKey: string;
  /** Id of the charge at the provider. */
  charge: string;
  /** Minor units. */
  amount: number;
  currency: string;
}

export type RefundOutcome =
  | { status: 'succeeded' | 'pending'; providerId: string }
  | { status: 'failed'; providerId: string | null; code: string };

/** A refund as the provider has it. */
export interface ProviderRefund {
  outcome: RefundOutcome;
  amount: number;
  /** The key of the request that made it; null when it was not made by this service. */
  idempotencyKey: string | null;
}

/** A charge as the provider has it: for events, lost answers and reconciliation. */
export interface ProviderCharge {
  outcome: ChargeOutcome;
  amount: number;
  currency: string;
  /** The ids that this service stored with it. Empty when another system made the charge. */
  metadata: Partial<ChargeMetadata>;
  /** Sum of the refunds that succeeded. */
  refunded: number;
  refunds: ProviderRefund[];
  disputed: boolean;
}

/** A payment method as the provider has it. */
export interface ProviderMethod {
  providerId: string;
  /** Id of the customer at the provider; null when the method is detached from it. */
  account: string | null;
  type: string;
  brand: string | null;
  last4: string | null;
  expiresMonth: number | null;
  expiresYear: number | null;
}

export interface SetupRequest {
  /** Id of the customer at the provider. */
  account: string;
  customerId: string;
  currency: string;
  /** Absolute URL that the payer returns to. */
  returnUrl: string;
}

/**
 * A verified event of a provider, reduced to the object that it is about. The state of that object is read from the
 * provider when the event is processed: events arrive in any order, and more than once.
 */
export interface ProviderEvent {
  id: string;
  type: string;
  /** False for an event of another account or another mode: it changes nothing. */
  own: boolean;
  /** `charge` also for refunds and disputes of a charge; `unknown`: the event is kept and counted. */
  about: { kind: 'charge' | 'setup' | 'method'; providerId: string } | { kind: 'unknown' };
}

/**
 * The outcome is not known: the provider did not answer. Call `findCharge` or `findRefund`, or repeat the same request
 * with the same idempotency key; never charge again with another key.
 */
export class ProviderUnavailable extends Error {}

/**
 * Port to a payment provider. Adapters: sandbox, manual, stripe. Each passes test/billing/payment-provider.spec.ts.
 * Every method throws `ProviderUnavailable` when the outcome is not known. Call it outside of a transaction: a call
 * takes seconds when the provider is slow, and what it did at the provider is not rolled back.
 * @example
 * const outcome = await providers.get('stripe').charge({ idempotencyKey: `${invoice.id}:1`, amount: 1999, ... });
 */
export abstract class PaymentProvider {
  abstract readonly name: ProviderName;

  /** False: there is nothing to charge, such as for bank transfers; invoices wait until they are marked as paid. */
  abstract readonly chargesMethods: boolean;

  /** The header that signs inbound webhooks; null: the provider sends none. */
  abstract readonly signatureHeader: string | null;

  /** Creates the customer at the provider. @returns its id there; the same customer gets the same id */
  abstract ensureAccount(customer: { id: string; key: string; email: string | null }): Promise<string>;

  /**
   * Deletes the customer at the provider with its payment methods; its charges stay and can be refunded. Repeating it
   * changes nothing.
   */
  abstract deleteAccount(account: string): Promise<void>;

  /** Starts the entry of a payment method on a page of the provider. */
  abstract startSetup(request: SetupRequest): Promise<{ url: string; providerId: string }>;

  /** The payment method that a finished setup stored; null while it is not finished. */
  abstract findSetup(providerId: string): Promise<ProviderMethod | null>;

  /** The payment method; null when the provider does not have it. */
  abstract findMethod(providerId: string): Promise<ProviderMethod | null>;

  /** Detaches a payment method, so that it can no longer be charged. Repeating it changes nothing. */
  abstract detachMethod(providerId: string): Promise<void>;

  /** Charges a stored payment method while the payer is absent. A decline is an outcome, not an error. */
  abstract charge(request: ChargeRequest): Promise<ChargeOutcome>;

  /** The charge with this id at the provider; null when there is none. */
  abstract getCharge(providerId: string): Promise<ProviderCharge | null>;

  /**
   * The charge with this id, or, when the answer of `charge` was lost, the one made with this idempotency key; null
   * when there is none, so that the same request may be sent again. It never makes a charge.
   */
  abstract findCharge(sought: { providerId: string | null; request: ChargeRequest }): Promise<ProviderCharge | null>;

  /**
   * Cancels a charge that is `pending` or `requires_action`, so that the payer can no longer confirm it: before another
   * attempt, and when its invoice is voided. @returns its outcome after that: it may have succeeded in the meantime
   */
  abstract cancelCharge(providerId: string): Promise<ChargeOutcome>;

  abstract refund(request: RefundRequest): Promise<RefundOutcome>;

  /** The refund with this id or made with this idempotency key; null when there is none. It never makes a refund. */
  abstract findRefund(sought: { providerId: string | null; request: RefundRequest }): Promise<RefundOutcome | null>;

  /**
   * Verifies the signature of an inbound webhook, with a tolerance of five minutes.
   * @throws DomainError `invalid_signature`
   */
  abstract readEvent(body: Buffer, signature: string | undefined): ProviderEvent;
}
