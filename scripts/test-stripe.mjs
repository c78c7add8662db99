import { spawnSync } from 'node:child_process';

/**
 * `STRIPE_SECRET_KEY=sk_test_... npm run test:stripe` runs the suite of payment providers against Stripe, in test mode
 * only. Without a key it runs the same cases against the local fake of Stripe: that shows that the script works, and
 * nothing about Stripe. Cases that need a payer on a page of Stripe, or a broken network, are skipped in both.
 */
const { STRIPE_SECRET_KEY, ...environment } = process.env;
if (STRIPE_SECRET_KEY && !/^[sr]k_test_/.test(STRIPE_SECRET_KEY)) {
  console.error('Set STRIPE_SECRET_KEY to a key of test mode: sk_test_... or rk_test_...');
  process.exit(1);
}
const NOTES = STRIPE_SECRET_KEY
  ? ['Against Stripe, in test mode.']
  : [
      'SKIPPED: nothing is tried against Stripe, because STRIPE_SECRET_KEY is not set.',
      'The same cases run against the local fake (test/support/fake-stripe) instead.',
    ];
const SKIPPED = 'SKIPPED in any case: what needs a payer on a page of Stripe, a bank, or a broken network.';
console.log([...NOTES, SKIPPED].join('\n'));
const { status } = spawnSync(
  process.execPath,
  ['scripts/test.mjs', 'test/billing/payment-provider.spec.ts', '--verbose'],
  { stdio: 'inherit', env: { ...environment, TEST_STRIPE_SECRET_KEY: STRIPE_SECRET_KEY || 'fake' } },
);
console.log([...NOTES, SKIPPED].join('\n'));
process.exit(status ?? 1);
