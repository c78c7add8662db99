import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ok } from '../support/app.js';
import { axe, describeInBrowser, screenshot, signIn, type Stage, startStage } from '../support/browser.js';
import { uniqueName } from '../support/fixtures.js';

const PRODUCT = 'clocked';
const CATALOG = {
  product: { key: PRODUCT, name: 'Clocked' },
  features: [],
  plans: [
    { key: 'basic', name: 'Basic', prices: [{ interval: 'month', amount: 900, currency: 'EUR' }], entitlements: [] },
  ],
  assignment: [],
};

describeInBrowser('a test clock in the console', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await startStage();
    await ok(stage.admin('POST', '/v1/catalog/apply', { body: CATALOG }));
  }, 60_000);
  afterAll(() => stage.stop());

  it('is created and advanced by the slider, so that a subscription renews', async () => {
    const page = await stage.newPage();
    await page.goto('/admin/test-clocks');
    await signIn(page);
    await page.getByRole('button', { name: 'Create a test clock' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Time of the clock (UTC)').fill('2030-01-01T00:00');
    const created = page.waitForResponse(
      (response) => response.request().method() === 'POST' && response.url().endsWith('/v1/test-clocks'),
    );
    await dialog.getByRole('button', { name: 'Create a test clock' }).click();
    const { id } = (await (await created).json()) as { id: string };
    const customer = uniqueName('simulated');
    await ok(stage.admin('PUT', `/v1/customers/${customer}`, { body: { currency: 'EUR', testClock: id } }));
    await ok(stage.admin('POST', '/v1/subscriptions', { body: { customer, product: PRODUCT, plan: 'basic' } }));

    const row = page.getByRole('row').filter({ hasText: '1 Jan 2030' });
    await row.getByRole('button', { name: 'Advance', exact: true }).click();
    await page.getByRole('slider').press('ArrowRight');
    await dialog.getByText('32 days').first().waitFor();
    expect(await axe(page)).toEqual([]);
    await screenshot(page, 'advance-test-clock');
    await dialog.getByRole('button', { name: 'Advance', exact: true }).click();
    await page.getByRole('row').filter({ hasText: '2 Feb 2030' }).waitFor();
    await page.goto(`/admin/customers/${customer}?product=${PRODUCT}`);
    const summary = page.getByRole('region', { name: 'Summary' });
    await summary.getByText('1 Feb 2030 – 1 Mar 2030').waitFor();
    await page.getByText('Renewed', { exact: true }).waitFor();
  }, 60_000);
});
