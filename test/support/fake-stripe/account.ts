import type Stripe from 'stripe';
import {
  type CardBehavior,
  charge,
  checkoutSession,
  customer,
  dispute,
  event,
  type FakeEvent,
  LAST4,
  paymentIntent,
  paymentMethod,
  refund,
  setupIntent,
} from './objects.js';
import type { Value } from './parameters.js';

export type Parameters = { [name: string]: Value };

/** An error as Stripe answers it. */
export class FakeError extends Error {
  constructor(
    readonly status: number,
    readonly error: {
      type: string;
      code?: string;
      decline_code?: string;
      advice_code?: string;
      param?: string;
      payment_intent?: Stripe.PaymentIntent;
    },
  ) {
    super(error.code ?? error.type);
  }
}

const invalid = (code: string | undefined, param?: string): FakeError =>
  new FakeError(400, { type: 'invalid_request_error', ...(code && { code }), ...(param && { param }) });
const missing = (param: string): FakeError =>
  new FakeError(404, { type: 'invalid_request_error', code: 'resource_missing', param });

const text = (value: Value | undefined): string | null => (typeof value === 'string' ? value : null);
const required = (value: Value | undefined): string => text(value) ?? '';
const metadataOf = ({ metadata }: Parameters): Stripe.Metadata => ({ ...(metadata as Stripe.Metadata | undefined) });

const MINIMUM = 50;
const THREE_DECIMAL = ['bhd', 'jod', 'kwd', 'omr', 'tnd'];
const CANCELABLE = ['requires_payment_method', 'requires_confirmation', 'requires_action', 'processing'];

/** Test methods of Stripe, which tests attach in place of an entry on a page. */
const TEST_METHODS: Record<string, CardBehavior> = {
  pm_card_visa: 'succeeds',
  pm_card_chargeCustomerFail: 'insufficient_funds',
  pm_card_authenticationRequired: 'authentication_required',
  pm_card_createDispute: 'disputed',
};

/** The answer of an issuer to a charge of each test card. */
const DECLINES: Partial<Record<CardBehavior, { code: string; decline_code: string; advice_code?: string }>> = {
  insufficient_funds: { code: 'card_declined', decline_code: 'insufficient_funds', advice_code: 'try_again_later' },
  stolen_card: { code: 'card_declined', decline_code: 'stolen_card', advice_code: 'do_not_try_again' },
  do_not_try_again: { code: 'card_declined', decline_code: 'generic_decline', advice_code: 'do_not_try_again' },
};

/** The objects of one account, and the operations on them. State changes emit events in the order that they happen. */
export class FakeAccount {
  readonly events: FakeEvent[] = [];
  private readonly customers = new Map<string, Stripe.Customer>();
  private readonly methods = new Map<string, Stripe.PaymentMethod>();
  private readonly setups = new Map<string, Stripe.SetupIntent>();
  private readonly sessions = new Map<string, Stripe.Checkout.Session>();
  readonly intents = new Map<string, Stripe.PaymentIntent>();
  private readonly charges = new Map<string, Stripe.Charge>();
  readonly refunds = new Map<string, Stripe.Refund>();

  createCustomer(given: Parameters): Stripe.Customer {
    return stored(this.customers, customer(text(given['email']), metadataOf(given)));
  }

  updateCustomer(id: string, given: Parameters): Stripe.Customer {
    return Object.assign(found(this.customers, id, 'customer'), { email: text(given['email']) });
  }

  /** Its payment methods are detached; payment intents and charges stay. */
  deleteCustomer(id: string): { id: string; object: 'customer'; deleted: true } {
    found(this.customers, id, 'customer');
    this.customers.delete(id);
    for (const method of this.methods.values()) if (method.customer === id) method.customer = null;
    const deleted = { id, object: 'customer', deleted: true } as const;
    this.emit('customer.deleted', deleted);
    return deleted;
  }

  hasCustomer(id: string): boolean {
    return this.customers.has(id);
  }

  createSession(given: Parameters): Stripe.Checkout.Session {
    if (given['mode'] !== 'setup') throw invalid('parameter_invalid', 'mode');
    if (!given['currency'] && !given['allowed_payment_method_types']) throw invalid('parameter_missing', 'currency');
    const { id: owner } = found(this.customers, required(given['customer']), 'customer');
    const data = (given['setup_intent_data'] ?? {}) as Parameters;
    const setup = stored(this.setups, setupIntent(owner, metadataOf(data)));
    const session = checkoutSession(
      {
        customer: owner,
        currency: text(given['currency']),
        client_reference_id: text(given['client_reference_id']),
        success_url: text(given['success_url']),
        cancel_url: text(given['cancel_url']),
      },
      setup.id,
    );
    return stored(this.sessions, session);
  }

  /** The payer enters a test card on the hosted page. */
  completeSession(id: string, behavior: CardBehavior): Stripe.PaymentMethod {
    const session = found(this.sessions, id, 'session');
    const method = stored(this.methods, paymentMethod(session.customer as string, behavior));
    const setup = found(this.setups, session.setup_intent as string, 'intent');
    Object.assign(setup, { status: 'succeeded', payment_method: method.id });
    Object.assign(session, { status: 'complete', url: null });
    this.emit('payment_method.attached', method);
    this.emit('setup_intent.succeeded', setup);
    this.emit('checkout.session.completed', session);
    return method;
  }

  getSession(id: string, expand: string[]): Stripe.Checkout.Session {
    const session = found(this.sessions, id, 'session');
    const setup = found(this.setups, session.setup_intent as string, 'intent');
    if (!expand.some((path) => path.startsWith('setup_intent'))) return session;
    const method = expand.includes('setup_intent.payment_method')
      ? (this.methods.get(setup.payment_method as string) ?? null)
      : setup.payment_method;
    return { ...session, setup_intent: { ...setup, payment_method: method } };
  }

  getMethod(id: string): Stripe.PaymentMethod {
    return found(this.methods, id, 'payment_method');
  }

  /** A test method of Stripe, such as `pm_card_visa`: attaching it makes a method of the customer. */
  attachTestMethod(id: string, given: Parameters): Stripe.PaymentMethod {
    const behavior = TEST_METHODS[id];
    if (!behavior) throw missing('payment_method');
    const { id: owner } = found(this.customers, required(given['customer']), 'customer');
    return stored(this.methods, paymentMethod(owner, behavior));
  }

  detachMethod(id: string): Stripe.PaymentMethod {
    const method = this.getMethod(id);
    if (method.customer === null) throw invalid('payment_method_unexpected_state', 'payment_method');
    method.customer = null;
    this.emit('payment_method.detached', method);
    return method;
  }

  /** The card network renews a card. */
  renewMethod(id: string, year: number): void {
    const method = this.getMethod(id);
    method.card!.exp_year = year;
    this.emit('payment_method.automatically_updated', method);
  }

  createIntent(given: Parameters): Stripe.PaymentIntent {
    const amount = Number(given['amount']);
    const currency = required(given['currency']);
    if (!/^[a-z]{3}$/.test(currency)) throw invalid('parameter_invalid', 'currency');
    if (amount < MINIMUM) throw invalid('amount_too_small', 'amount');
    if (THREE_DECIMAL.includes(currency) && amount % 10 !== 0) throw invalid('invalid_charge_amount', 'amount');
    if (given['confirm'] !== 'true')
      for (const name of ['off_session', 'return_url']) if (given[name]) throw invalid('parameter_invalid', name);
    const method = found(this.methods, required(given['payment_method']), 'payment_method');
    const owner = found(this.customers, required(given['customer']), 'customer');
    if (method.customer !== owner.id) throw invalid('payment_method_unexpected_state', 'payment_method');
    const description = text(given['description']);
    const metadata = metadataOf(given);
    const intent = stored(
      this.intents,
      paymentIntent({ amount, currency, customer: owner.id, description, metadata, payment_method: method.id }),
    );
    this.emit('payment_intent.created', intent);
    return given['confirm'] === 'true' ? this.attempt(intent, { offSession: given['off_session'] === 'true' }) : intent;
  }

  confirmIntent(id: string, given: Parameters): Stripe.PaymentIntent {
    const intent = found(this.intents, id, 'intent');
    if (!['requires_payment_method', 'requires_confirmation'].includes(intent.status))
      throw invalid('payment_intent_unexpected_state');
    return this.attempt(intent, { offSession: given['off_session'] === 'true', returnUrl: text(given['return_url']) });
  }

  cancelIntent(id: string): Stripe.PaymentIntent {
    const intent = found(this.intents, id, 'intent');
    if (!CANCELABLE.includes(intent.status)) throw invalid('payment_intent_unexpected_state');
    Object.assign(intent, { status: 'canceled', next_action: null });
    this.emit('payment_intent.canceled', intent);
    return intent;
  }

  getIntent(id: string, expand: string[]): Stripe.PaymentIntent {
    const intent = found(this.intents, id, 'intent');
    const charged = this.charges.get(intent.latest_charge as string);
    return charged && expand.includes('latest_charge') ? { ...intent, latest_charge: charged } : intent;
  }

  /** The payer confirms at the bank, or refuses. */
  decide(id: string, confirmed: boolean): void {
    const intent = found(this.intents, id, 'intent');
    if (confirmed) this.succeed(intent);
    else this.fail(intent, { code: 'payment_intent_authentication_failure' });
  }

  /** A charge that is processing ends. */
  settle(id: string): void {
    this.succeed(found(this.intents, id, 'intent'));
  }

  createRefund(given: Parameters): Stripe.Refund {
    const intent = found(this.intents, required(given['payment_intent']), 'payment_intent');
    const charged = this.charges.get(intent.latest_charge as string);
    if (!charged || intent.status !== 'succeeded') throw invalid(undefined, 'payment_intent');
    const left = charged.amount - charged.amount_refunded;
    if (left === 0) throw invalid('charge_already_refunded');
    const amount = given['amount'] === undefined ? left : Number(given['amount']);
    // Stripe gives no code for it.
    if (amount > left) throw invalid(undefined, 'amount');
    const made = stored(this.refunds, refund(intent, amount, metadataOf(given)));
    charged.amount_refunded += amount;
    charged.refunded = charged.amount_refunded === charged.amount;
    this.emit('refund.created', made);
    this.emit('charge.refunded', charged);
    return made;
  }

  getRefund(id: string): Stripe.Refund {
    return found(this.refunds, id, 'refund');
  }

  emit(type: string, object: object): FakeEvent {
    const emitted = event(type, object);
    this.events.push(emitted);
    return emitted;
  }

  private attempt(
    intent: Stripe.PaymentIntent,
    { offSession, returnUrl }: { offSession: boolean; returnUrl?: string | null },
  ): Stripe.PaymentIntent {
    const behavior = this.behaviorOf(intent);
    const decline = DECLINES[behavior];
    if (decline) throw this.fail(intent, decline);
    if (behavior === 'authentication_required') {
      if (offSession)
        throw this.fail(intent, { code: 'authentication_required', decline_code: 'authentication_required' });
      Object.assign(intent, { status: 'requires_action', last_payment_error: null });
      intent.next_action = returnUrl
        ? {
            type: 'redirect_to_url',
            redirect_to_url: { url: `https://hooks.stripe.com/redirect/${intent.id}`, return_url: returnUrl },
          }
        : { type: 'use_stripe_sdk', use_stripe_sdk: {} };
      this.emit('payment_intent.requires_action', intent);
      return intent;
    }
    if (behavior === 'processing') {
      intent.status = 'processing';
      this.emit('payment_intent.processing', intent);
      return intent;
    }
    this.succeed(intent);
    if (behavior === 'disputed') this.dispute(intent);
    return intent;
  }

  private succeed(intent: Stripe.PaymentIntent): void {
    const charged = stored(this.charges, charge(intent));
    const paid = { status: 'succeeded', amount_received: intent.amount, latest_charge: charged.id, next_action: null };
    Object.assign(intent, paid, { last_payment_error: null });
    this.emit('charge.succeeded', charged);
    this.emit('payment_intent.succeeded', intent);
  }

  private fail(
    intent: Stripe.PaymentIntent,
    details: { code: string; decline_code?: string; advice_code?: string },
  ): FakeError {
    const error = { type: 'card_error' as const, ...details };
    Object.assign(intent, { status: 'requires_payment_method', last_payment_error: error, next_action: null });
    this.emit('payment_intent.payment_failed', intent);
    return new FakeError(402, { ...error, payment_intent: structuredClone(intent) });
  }

  private dispute(intent: Stripe.PaymentIntent): void {
    this.charges.get(intent.latest_charge as string)!.disputed = true;
    this.emit('charge.dispute.created', dispute(intent));
  }

  private behaviorOf({ payment_method: id }: Stripe.PaymentIntent): CardBehavior {
    const { last4 } = this.getMethod(id as string).card!;
    return (Object.keys(LAST4) as CardBehavior[]).find((name) => LAST4[name] === last4)!;
  }
}

function stored<T extends { id: string }>(all: Map<string, T>, object: T): T {
  all.set(object.id, object);
  return object;
}

function found<T>(all: Map<string, T>, id: string, param: string): T {
  const object = all.get(id);
  if (!object) throw missing(param);
  return object;
}
