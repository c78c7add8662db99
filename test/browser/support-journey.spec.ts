import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { ok } from '../support/app.js';
import { axe, describeInBrowser, screenshot, signIn, type Stage, startStage } from '../support/browser.js';
import { applyMeteredProduct, PASSWORD, registerUserWithRole, uniqueName } from '../support/fixtures.js';

describeInBrowser('support answers a customer', () => {
  const product = uniqueName('support');
  const customer = uniqueName('acme');
  const email = `${customer}@example.com`;
  const reason = 'Agreed with the customer, ticket 4711';
  const LIMIT = 3;
  let stage: Stage;
  let page: Page;

  beforeAll(async () => {
    stage = await startStage();
    await applyMeteredProduct(stage, product, LIMIT);
    await ok(stage.admin('PUT', `/v1/customers/${customer}`, { body: { product, name: 'Acme Ltd', email } }));
    const use = { customer, product, feature: 'calls', quantity: LIMIT };
    await ok(stage.admin('POST', '/v1/usage/consume', { body: use }));
    const support = await registerUserWithRole(stage, { role: 'support' });
    page = await stage.newPage();
    await page.goto(`/admin/customers?product=${product}`);
    await signIn(page, support.email, PASSWORD);
  }, 90_000);
  afterAll(() => stage.stop());

  const openTab = (name: string): Promise<void> => page.getByRole('tab', { name }).click();
  const looksRight = async (name: string): Promise<void> => {
    expect(await axe(page)).toEqual([]);
    await screenshot(page, name);
  };

  it('finds the customer by its e-mail address with the keyboard', async () => {
    await page.keyboard.press('/');
    await page.getByRole('textbox', { name: /invoice number/ }).fill(email);
    await page.getByRole('option', { name: /Acme Ltd/ }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Acme Ltd' }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/admin/customers/${customer}`);
  });

  it('sees the subscription, its entitlements and its timeline', async () => {
    const summary = page.getByRole('region', { name: 'Summary' });
    await summary.getByText('Plan v1').waitFor();
    await summary.getByText(/Renews on/).waitFor();
    await page.getByText('3 of 3 used').waitFor();
    await page
      .getByRole('list', { name: /Events of the subscription/ })
      .getByText('Created')
      .waitFor();
    await looksRight('customer-overview');
  });

  it('explains the denial, also as it was at an earlier instant', async () => {
    await page.getByRole('link', { name: 'Explain' }).click();
    await page.getByText('The limit was reached: 3 of 3 units were used or reserved.').waitFor();
    await page.getByText('The terms came from the plan plan v1.').waitFor();
    await page.getByText('No grant of this feature was in effect.').waitFor();
    await looksRight('customer-decision');
    const before = await stage.admin('GET', `/v1/customers/${customer}`);
    const { createdAt } = before.body as { createdAt: string };
    await page.goto(`${page.url()}&at=${encodeURIComponent(createdAt)}`);
    await page.getByText('3 of 3 units were left.').waitFor();
    await page.getByRole('button', { name: 'Now' }).click();
    await page.getByText('The limit was reached').waitFor();
  });

  it('adds a grant with a reason, which allows the next check', async () => {
    await page.getByRole('button', { name: 'Add a grant' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add a grant' });
    await dialog.getByLabel('Units').fill('50');
    const confirm = dialog.getByRole('button', { name: 'Add a grant' });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByLabel('Reason').fill(reason);
    await confirm.click();
    await page.getByText('50 of 53 units were left.').waitFor();
    await openTab('Grants and overrides');
    await page.getByRole('cell', { name: '50 of 50' }).waitFor();
    await looksRight('customer-allowances');
    // Support repairs; only admins void grants.
    expect(await page.getByRole('button', { name: 'Void the grant' }).count()).toBe(0);
    const check = stage.admin('POST', '/v1/check', { body: { customer, product, feature: 'calls' } });
    expect(await ok(check)).toMatchObject({ allowed: true, granted: 50 });
  });

  it('finds the grant in the activity and in the audit log', async () => {
    await openTab('Activity');
    const row = page.getByRole('row', { name: /grant\.created/ });
    await row.getByText(reason).waitFor();
    await looksRight('customer-activity');
    const { data } = (await ok(stage.admin('GET', `/v1/audit-log?customer=${customer}&type=grant.created`))) as {
      data: { reason: string; actor: { kind: string } }[];
    };
    expect(data).toMatchObject([{ reason, actor: { kind: 'user' } }]);
  });

  it('shows the usage as a chart and as a table', async () => {
    await openTab('Usage');
    await page.getByRole('img', { name: /Chart of the usage of calls/ }).waitFor();
    await page
      .getByRole('table', { name: /Usage of calls/ })
      .getByRole('cell', { name: '3', exact: true })
      .waitFor();
    await looksRight('customer-usage');
  });

  it('returns to the list with its filters', async () => {
    await page.goto(`/admin/customers?product=${product}&q=${customer}&status=active`);
    await page.getByRole('link', { name: customer }).click();
    await page.getByRole('heading', { level: 1, name: 'Acme Ltd' }).waitFor();
    await page.goBack();
    await page.getByRole('link', { name: customer }).waitFor();
    expect(await page.getByLabel('Key, e-mail or name').inputValue()).toBe(customer);
    await looksRight('customer-list');
  });
});
