import { randomUUID } from 'node:crypto';
import { type PaymentProvider, PaymentProviders, type SandboxBehavior, SandboxPages } from '@app/billing';
import Stripe from 'stripe';
import { startService } from '../support/app.js';
import type { CardBehavior } from '../support/fake-stripe/objects.js';
import { FakeStripe } from '../support/fake-stripe/server.js';

/** The behavior of a test method when it is charged, by the same names for every provider. */
export type Behavior =
  'succeeds' | 'declined' | 'declined_hard' | 'requires_action' | 'loses_answer' | 'succeeds_late' | 'disputed';

export interface Customer {
  id: string;
  key: string;
  email: string | null;
}

/** One provider under the suite, and what its payers and its network do. */
export interface Bench {
  provider: PaymentProvider;
  /** A stored payment method of a customer. */
  method(account: string, customer: Customer, behavior: Behavior): Promise<string>;
  /** The payer completes a setup that was started. */
  completeSetup(setup: string): Promise<void>;
  /** The payer confirms a charge, or refuses it. */
  decide(charge: string, confirmed: boolean): Promise<void>;
  /** A charge that is pending ends. */
  settle(charge: string): Promise<void>;
  /** Called before a charge whose answer is lost after it was made. */
  loseAnswer(): void;
  /** Called before a request that never arrives; null: it cannot be provoked. */
  loseRequest: (() => void) | null;
  stop(): Promise<void>;
}

export const newCustomer = (): Customer => ({ id: randomUUID(), key: `customer-${randomUUID()}`, email: null });

const SETUP = { currency: 'USD', returnUrl: 'http://localhost:3000/billing' };

const SANDBOX: Record<Behavior, SandboxBehavior> = {
  succeeds: 'succeeds',
  declined: 'declined',
  declined_hard: 'declined_hard',
  requires_action: 'requires_action',
  loses_answer: 'times_out',
  succeeds_late: 'succeeds_late',
  disputed: 'disputed',
};

export async function sandboxBench(): Promise<Bench> {
  const service = await startService();
  const provider = service.app.get(PaymentProviders, { strict: false }).get('sandbox');
  const pages = service.app.get(SandboxPages, { strict: false });
  return {
    provider,
    method: async (account, { id: customerId }, behavior) => {
      const { providerId } = await provider.startSetup({ account, customerId, ...SETUP });
      await pages.completeSetup(providerId, SANDBOX[behavior]);
      return (await provider.findSetup(providerId))!.providerId;
    },
    completeSetup: async (setup) => void (await pages.completeSetup(setup, 'succeeds')),
    decide: async (charge, confirm) => void (await pages.decideCharge(charge, { confirm })),
    settle: async () => undefined,
    loseAnswer: () => undefined,
    loseRequest: null,
    stop: service.stop,
  };
}

const CARDS: Record<Behavior, CardBehavior> = {
  succeeds: 'succeeds',
  declined: 'insufficient_funds',
  declined_hard: 'stolen_card',
  requires_action: 'authentication_required',
  loses_answer: 'succeeds',
  succeeds_late: 'processing',
  disputed: 'disputed',
};

export async function fakeStripeBench(): Promise<Bench & { fake: FakeStripe }> {
  const fake = await FakeStripe.start();
  const service = await startService({ environment: fake.environment });
  const provider = service.app.get(PaymentProviders, { strict: false }).get('stripe');
  const lose = (drop: 'before' | 'after') => () => {
    // The package repeats a closed connection once.
    for (let attempt = 0; attempt < 2; attempt++) fake.failNext({ on: /^POST .*\/payment_intents$/, drop });
  };
  return {
    fake,
    provider,
    method: async (account, { id: customerId }, behavior) => {
      const { providerId } = await provider.startSetup({ account, customerId, ...SETUP });
      return fake.account.completeSession(providerId, CARDS[behavior]).id;
    },
    completeSetup: async (setup) => void fake.account.completeSession(setup, 'succeeds'),
    decide: async (charge, confirmed) => fake.account.decide(charge, confirmed),
    settle: async (charge) => fake.account.settle(charge),
    loseAnswer: lose('after'),
    loseRequest: lose('before'),
    stop: async () => {
      await service.stop();
      await fake.stop();
    },
  };
}

/** Test payment methods of Stripe. Those that it has no method for cannot be tried. */
const REAL: Partial<Record<Behavior, string>> = {
  succeeds: 'pm_card_visa',
  declined: 'pm_card_chargeCustomerFail',
  requires_action: 'pm_card_authenticationRequired',
  disputed: 'pm_card_createDispute',
};

/**
 * The real Stripe, with the key of a test account: `npm run test:stripe`. With `fake` in place of a key, the same steps
 * on the local fake: so that the script is tried without an account.
 */
export async function realStripeBench(secretKey: string): Promise<Bench> {
  const fake = secretKey === 'fake' ? await FakeStripe.start() : null;
  if (!fake && !/^[sr]k_test_/.test(secretKey)) throw new Error('Only a key of test mode is allowed.');
  const real = { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: 'whsec_of_no_endpoint' };
  const environment = fake?.environment ?? real;
  const stripe = new Stripe(environment['STRIPE_SECRET_KEY'], {
    ...(fake && { protocol: 'http', host: '127.0.0.1', port: new URL(fake.url).port }),
  });
  const service = await startService({ environment });
  const provider = service.app.get(PaymentProviders, { strict: false }).get('stripe');
  const impossible = (): never => {
    throw new Error('The real provider cannot do this in a test.');
  };
  return {
    provider,
    method: async (account, _, behavior) => {
      const { id } = await stripe.paymentMethods.attach(REAL[behavior] ?? impossible(), { customer: account });
      return id;
    },
    completeSetup: impossible,
    decide: impossible,
    settle: impossible,
    loseAnswer: impossible,
    loseRequest: null,
    stop: async () => {
      await service.stop();
      await fake?.stop();
    },
  };
}
