import { Injectable } from '@nestjs/common';
import {
  type ChargeOutcome,
  type ChargeRequest,
  invalidSignature,
  malformedEvent,
  PaymentProvider,
  type ProviderCharge,
  type ProviderEvent,
  type ProviderMethod,
  readSignatureHeader,
  type RefundOutcome,
  type RefundRequest,
  returnUrlWith,
  type SetupRequest,
  SIGNATURE_TOLERANCE_S,
} from '@app/billing';
import { Clock } from '@app/kernel';
import { Config, type StripeConfig } from '@app/platform';
import Stripe from 'stripe';
import { stripeAmount } from './domain/amounts.js';
import { declined, needsAuthentication, refused } from './domain/declines.js';
import { providerEvent } from './domain/events.js';
import {
  chargeOutcome,
  KEY,
  methodOfSession,
  providerCharge,
  providerMethod,
  refundOutcome,
} from './domain/objects.js';
import { callStripe, CHARGE_TIMEOUT_MS, createStripe, StripeRefusal } from './stripe-client.js';

const PAGE = 100;
const MAX_REFUNDS = 1_000;
/**
 * Repeated by this service with the same key. The package itself repeats only a request whose connection was closed,
 * once and with the same key.
 */
const ONCE = { maxNetworkRetries: 0, timeout: CHARGE_TIMEOUT_MS };
const LIVE_KEY = /^[sr]k_live_/;

/** The payment provider Stripe: payment intents off session, and hosted pages for the entry of payment methods. */
@Injectable()
export class StripeProvider extends PaymentProvider {
  readonly name = 'stripe';
  readonly chargesMethods = true;
  readonly signatureHeader = 'stripe-signature';
  private readonly stripe: Stripe;
  private readonly settings: StripeConfig;

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
  ) {
    super();
    if (!config.stripe) throw new Error('STRIPE_SECRET_KEY is not set.');
    this.settings = config.stripe;
    this.stripe = createStripe(config.stripe);
  }

  /**
   * The body with the idempotency key never changes, so that a repeated request gets the same customer; the address is
   * set by another request. Stripe drops idempotency keys after 24 hours or more: the caller stores the id.
   */
  async ensureAccount({ id, key, email }: { id: string; key: string; email: string | null }): Promise<string> {
    const account = await callStripe(() =>
      this.stripe.customers.create(
        { metadata: { customer: id, [KEY]: key } },
        { ...ONCE, idempotencyKey: `customer:${id}` },
      ),
    );
    if (email) await callStripe(() => this.stripe.customers.update(account.id, { email }));
    return account.id;
  }

  async deleteAccount(account: string): Promise<void> {
    await this.orNull(() => this.stripe.customers.del(account, {}, ONCE));
  }

  async startSetup({
    account,
    customerId,
    currency,
    returnUrl,
  }: SetupRequest): Promise<{ url: string; providerId: string }> {
    const session = await callStripe(() =>
      this.stripe.checkout.sessions.create({
        mode: 'setup',
        customer: account,
        currency: currency.toLowerCase(),
        client_reference_id: customerId,
        setup_intent_data: { metadata: { customer: customerId } },
        success_url: returnUrlWith(returnUrl, 'completed'),
        cancel_url: returnUrlWith(returnUrl, 'canceled'),
      }),
    );
    if (!session.url) throw new Error('Stripe returned a checkout session without a URL.');
    return { url: session.url, providerId: session.id };
  }

  async findSetup(providerId: string): Promise<ProviderMethod | null> {
    const session = await this.orNull(() =>
      this.stripe.checkout.sessions.retrieve(providerId, { expand: ['setup_intent.payment_method'] }),
    );
    return session && methodOfSession(session);
  }

  async findMethod(providerId: string): Promise<ProviderMethod | null> {
    const method = await this.orNull(() => this.stripe.paymentMethods.retrieve(providerId));
    return method && providerMethod(method);
  }

  async detachMethod(providerId: string): Promise<void> {
    try {
      await callStripe(() => this.stripe.paymentMethods.detach(providerId, {}, ONCE));
    } catch (error) {
      if (!isRefusedRequest(error)) throw error;
      // Refused for a method that is detached already.
      if ((await this.findMethod(providerId))?.account) throw error;
    }
  }

  async charge(request: ChargeRequest): Promise<ChargeOutcome> {
    const amount = stripeAmount(request);
    if (amount === null) return { status: 'failed', providerId: null, code: 'amount_not_chargeable', hard: true };
    const { idempotencyKey, currency, account, method, description, metadata } = request;
    const parameters = {
      amount,
      currency: currency.toLowerCase(),
      customer: account,
      payment_method: method,
      confirm: true,
      off_session: true,
      return_url: this.config.paymentReturnUrl,
      description,
      metadata: { ...metadata, [KEY]: idempotencyKey },
    };
    try {
      const create = (): Promise<Stripe.PaymentIntent> =>
        this.stripe.paymentIntents.create(parameters, { ...ONCE, idempotencyKey });
      return chargeOutcome(await callStripe(create));
    } catch (error) {
      return this.afterRefusal(error, request);
    }
  }

  async getCharge(providerId: string): Promise<ProviderCharge | null> {
    const intent = await this.orNull(() =>
      this.stripe.paymentIntents.retrieve(providerId, { expand: ['latest_charge'] }),
    );
    return intent && providerCharge(intent, await this.refundsOf(providerId), this.clock.now());
  }

  /**
   * Without an id: the payment intents of the customer, newest first, by the key in their metadata. Stripe lists stored
   * objects without delay, unlike its search. A request that is still under way is not listed yet: repeating it with
   * the same key is refused by Stripe until it is done, and returns its outcome then.
   */
  async findCharge(sought: { providerId: string | null; request: ChargeRequest }): Promise<ProviderCharge | null> {
    if (sought.providerId) return this.getCharge(sought.providerId);
    const { account, idempotencyKey } = sought.request;
    const found = await this.orNull(async () => {
      for await (const intent of this.stripe.paymentIntents.list({ customer: account, limit: PAGE }))
        if (intent.metadata[KEY] === idempotencyKey) return intent;
      return null;
    });
    return found && this.getCharge(found.id);
  }

  async cancelCharge(providerId: string): Promise<ChargeOutcome> {
    try {
      return chargeOutcome(await callStripe(() => this.stripe.paymentIntents.cancel(providerId, {}, ONCE)));
    } catch (error) {
      if (!isRefusedRequest(error) || error.isMissing) throw error;
      // It has ended meanwhile, or the bank is at work.
      return chargeOutcome(await callStripe(() => this.stripe.paymentIntents.retrieve(providerId)));
    }
  }

  async refund({ idempotencyKey, charge, amount, currency }: RefundRequest): Promise<RefundOutcome> {
    const counted = stripeAmount({ amount, currency });
    if (counted === null) return { status: 'failed', providerId: null, code: 'amount_not_refundable' };
    try {
      const create = (): Promise<Stripe.Refund> =>
        this.stripe.refunds.create(
          { payment_intent: charge, amount: counted, metadata: { [KEY]: idempotencyKey } },
          { ...ONCE, idempotencyKey },
        );
      return refundOutcome(await callStripe(create));
    } catch (error) {
      if (!isRefusedRequest(error)) throw error;
      const code = error.code ?? (error.param === 'amount' ? 'amount_too_large' : null);
      if (!code) throw error;
      return { status: 'failed', providerId: null, code };
    }
  }

  async findRefund(sought: { providerId: string | null; request: RefundRequest }): Promise<RefundOutcome | null> {
    const { providerId, request } = sought;
    const refund = providerId
      ? await this.orNull(() => this.stripe.refunds.retrieve(providerId))
      : (await this.refundsOf(request.charge)).find(({ metadata }) => metadata?.[KEY] === request.idempotencyKey);
    return refund ? refundOutcome(refund) : null;
  }

  readEvent(body: Buffer, signature: string | undefined): ProviderEvent {
    const now = this.clock.now();
    readSignatureHeader(signature, now);
    const event = providerEvent(this.verified(body, signature!, now), LIVE_KEY.test(this.settings.secretKey));
    if (!event) throw malformedEvent();
    return event;
  }

  private verified(body: Buffer, signature: string, now: Date): unknown {
    try {
      const { webhookSecret } = this.settings;
      return this.stripe.webhooks.constructEvent(
        body,
        signature,
        webhookSecret,
        SIGNATURE_TOLERANCE_S,
        undefined,
        now.getTime(),
      );
    } catch (error) {
      throw error instanceof Stripe.errors.StripeSignatureVerificationError ? invalidSignature() : malformedEvent();
    }
  }

  /** The outcome of a charge that Stripe refused. @throws Error for a mistake of this service or its configuration */
  private async afterRefusal(error: unknown, request: ChargeRequest): Promise<ChargeOutcome> {
    if (!(error instanceof StripeRefusal)) throw error;
    if (error.kind === 'card') {
      if (error.intent && needsAuthentication(error)) return this.askForConfirmation(error.intent, request);
      return declined(error.intent, error);
    }
    const outcome = error.kind === 'request' ? refused(error.intent, error) : null;
    if (!outcome) throw error;
    return outcome;
  }

  /** The bank wants the payer: the same payment intent is confirmed on a page of Stripe, not charged off session. */
  private async askForConfirmation(id: string, { idempotencyKey, method }: ChargeRequest): Promise<ChargeOutcome> {
    try {
      const confirm = (): Promise<Stripe.PaymentIntent> =>
        this.stripe.paymentIntents.confirm(
          id,
          { payment_method: method, return_url: this.config.paymentReturnUrl },
          { ...ONCE, idempotencyKey: `${idempotencyKey}:confirm` },
        );
      return chargeOutcome(await callStripe(confirm));
    } catch (error) {
      if (error instanceof StripeRefusal && error.kind === 'card') return declined(id, error);
      throw error;
    }
  }

  private refundsOf(paymentIntent: string): Promise<Stripe.Refund[]> {
    return callStripe(() =>
      this.stripe.refunds
        .list({ payment_intent: paymentIntent, limit: PAGE })
        .autoPagingToArray({ limit: MAX_REFUNDS }),
    );
  }

  private async orNull<T>(call: () => Promise<T>): Promise<T | null> {
    try {
      return await callStripe(call);
    } catch (error) {
      if (error instanceof StripeRefusal && error.isMissing) return null;
      throw error;
    }
  }
}

const isRefusedRequest = (error: unknown): error is StripeRefusal =>
  error instanceof StripeRefusal && error.kind === 'request';
