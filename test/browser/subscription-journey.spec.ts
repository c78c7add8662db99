import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { ok } from '../support/app.js';
import { axe, describeInBrowser, screenshot, signIn, type Stage, startStage } from '../support/browser.js';
import { PASSWORD, registerUserWithRole, uniqueName } from '../support/fixtures.js';
import { expectLog } from '../support/log.js';

const PRODUCT = 'desk';
const metered = (feature: string, limit: number) => ({
  feature,
  type: 'metered',
  limit,
  window: 'none',
  overage: 'deny',
});
const plan = (key: string, name: string, amount: number, seats: number, storage: number) => ({
  key,
  name,
  prices: [{ interval: 'month', amount, currency: 'EUR' }],
  entitlements: [metered('seats', seats), metered('storage', storage)],
});
/** Without billing: no payment can fail during a test. */
const CATALOG = {
  product: { key: PRODUCT, name: 'Desk' },
  features: [
    { key: 'seats', name: 'Seats', type: 'metered' },
    { key: 'storage', name: 'Storage', type: 'metered' },
  ],
  plans: [plan('starter', 'Starter', 2_900, 3, 50), plan('scale', 'Scale', 9_900, 20, 500)],
  assignment: [],
};
/** More than the plan "starter" includes. */
const SEATS = 12;

describeInBrowser('commands on a subscription in the console', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await startStage();
    await ok(stage.admin('POST', '/v1/catalog/apply', { body: CATALOG }));
  }, 60_000);
  afterAll(() => stage.stop());

  /** A customer, with a subscription of a plan when one is named. */
  const createCustomer = async (plan?: string): Promise<string> => {
    const customer = uniqueName('firm');
    await ok(stage.admin('PUT', `/v1/customers/${customer}`, { body: { currency: 'EUR' } }));
    if (plan) await ok(stage.admin('POST', '/v1/subscriptions', { body: { customer, product: PRODUCT, plan } }));
    return customer;
  };
  const openCustomer = async (role: string, customer: string): Promise<Page> => {
    const user = await registerUserWithRole(stage, { role, ...(role === 'product_admin' && { product: PRODUCT }) });
    const page = await stage.newPage();
    await page.goto(`/admin/customers/${customer}?product=${PRODUCT}`);
    await signIn(page, user.email, PASSWORD);
    await summaryOf(page).waitFor();
    return page;
  };
  const summaryOf = (page: Page): Locator => page.getByRole('region', { name: 'Summary' });
  const command = (page: Page, name: string): Locator => summaryOf(page).getByRole('button', { name, exact: true });
  const choose = async (page: Page, label: string, option: RegExp): Promise<void> => {
    await page.getByRole('dialog').getByLabel(label).first().click();
    await page.getByRole('option', { name: option }).click();
  };
  const statusIs = (page: Page, status: string): Promise<void> =>
    summaryOf(page).getByText(status, { exact: true }).waitFor();

  it('previews and makes a change, then cancels and resumes', async () => {
    const customer = await createCustomer('scale');
    const usage = { customer, product: PRODUCT, feature: 'seats', quantity: SEATS };
    await ok(stage.admin('POST', '/v1/usage/consume', { body: usage }));
    const page = await openCustomer('product_admin', customer);
    await command(page, 'Change the plan').click();
    const dialog = page.getByRole('dialog');
    await choose(page, 'Plan', /^Starter/);
    const effect = dialog.getByRole('region', { name: 'Effect of the change' });
    await effect.getByText(`Seats: ${SEATS} of 3 used`).waitFor();
    await effect.getByText(/^€29\.00 on /).waitFor();
    await effect.getByText(/^Storage: 500 in total.* → 50 in total/).waitFor();
    expect(await axe(page)).toEqual([]);
    await screenshot(page, 'change-subscription');
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('The customer needs less.');
    await dialog.getByRole('button', { name: 'Change the plan' }).click();
    await summaryOf(page).getByText('Starter v1').waitFor();

    await command(page, 'Cancel the subscription').click();
    await dialog.getByText(/^Access continues until /).waitFor();
    expect(await axe(page)).toEqual([]);
    await screenshot(page, 'cancel-subscription');
    await dialog.getByRole('button', { name: 'Cancel the subscription' }).click();
    await statusIs(page, 'Canceled');
    expect(await command(page, 'Pause').count()).toBe(0);

    await command(page, 'Resume').click();
    await dialog.getByRole('button', { name: 'Resume' }).click();
    await statusIs(page, 'Active');
    const { timeline } = await subscriptionOf(customer);
    expect(timeline).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: 'subscription.plan_changed', reason: 'The customer needs less.' }),
        expect.objectContaining({ type: 'subscription.resumed' }),
      ]),
    );
  }, 60_000);

  it('pauses and ends the pause, and returns the focus to the button', async () => {
    const page = await openCustomer('product_admin', await createCustomer('starter'));
    await command(page, 'Pause').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Keep it as it is' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await command(page, 'Pause').evaluate((button) => button === button.ownerDocument.activeElement)).toBe(true);
    await command(page, 'Pause').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await statusIs(page, 'Paused');
    await command(page, 'End the pause').click();
    await page.getByRole('dialog').getByRole('button', { name: 'End the pause' }).click();
    await statusIs(page, 'Active');
  });

  it('starts a subscription of a customer who has none', async () => {
    expectLog(/404 GET .*\/subscription$/);
    expectLog(/409 POST \/v1\/invoices\/preview$/);
    const page = await openCustomer('admin', await createCustomer());
    await command(page, 'Start a subscription').click();
    await choose(page, 'Plan', /^Scale/);
    await page.getByRole('dialog').getByText('No invoice is foreseen.').waitFor();
    await screenshot(page, 'start-subscription');
    await page.getByRole('dialog').getByRole('button', { name: 'Start a subscription' }).click();
    await summaryOf(page).getByText('Scale v1').waitFor();
  });

  it('lets support extend the period, and nothing else', async () => {
    const customer = await createCustomer('starter');
    const page = await openCustomer('support', customer);
    await command(page, 'Extend the period').waitFor();
    expect(await summaryOf(page).getByRole('button').allTextContents()).toEqual(['Extend the period']);
    const before = (await subscriptionOf(customer)).currentPeriodEnd;
    await command(page, 'Extend the period').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('New end of the period').fill('2040-01-01T00:00:00');
    await dialog.getByLabel('Reason').fill('An outage of two days.');
    await dialog.getByRole('button', { name: 'Extend the period' }).click();
    await dialog.waitFor({ state: 'detached' });
    const { currentPeriodEnd, timeline } = await subscriptionOf(customer);
    expect(currentPeriodEnd > before).toBe(true);
    expect(timeline).toContainEqual(expect.objectContaining({ reason: 'An outage of two days.' }));
  });

  async function subscriptionOf(customer: string) {
    const at = `/v1/customers/${customer}/subscription?product=${PRODUCT}`;
    const subscription = await ok(stage.admin('GET', at));
    const { data: timeline } = await ok(stage.admin('GET', `/v1/subscriptions/${subscription.id}/timeline`));
    return { ...subscription, timeline };
  }
});
