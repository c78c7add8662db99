import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as fs from 'node:fs';
import type { Locator, Page } from 'playwright-core';
import { ok } from '../support/app.js';
import { axe, describeInBrowser, screenshot, signIn, type Stage, startStage } from '../support/browser.js';
import { PASSWORD, registerUserWithRole } from '../support/fixtures.js';
import { expectLog } from '../support/log.js';

const PRODUCT = 'letters';
const CUSTOMERS = 3;
/** Text that a page must show as text. */
const MARKUP = '<b id="stored">For <i>all</i></b><img src="x" onerror="window.injected = true">';

describeInBrowser('the work of a product admin', () => {
  let stage: Stage;
  let page: Page;

  beforeAll(async () => {
    stage = await startStage({ RATE_LIMIT_PER_MINUTE: '0' });
    await ok(stage.admin('POST', '/v1/products', { body: { key: PRODUCT, name: 'Letters' } }));
    const user = await registerUserWithRole(stage, { role: 'product_admin', product: PRODUCT });
    page = await stage.newPage();
    await page.goto('/admin/catalogue/plans');
    await signIn(page, user.email, PASSWORD);
  }, 60_000);
  afterAll(() => stage.stop());

  const button = (name: string, within: Page | Locator = page): Locator =>
    within.getByRole('button', { name, exact: true });
  const dialog = (): Locator => page.getByRole('dialog');
  const part = (name: string): Locator => page.getByRole('navigation', { name: 'Catalogue' }).getByText(name);
  const checkScreen = async (name: string): Promise<void> => {
    expect(await axe(page)).toEqual([]);
    await screenshot(page, `catalogue-${name}`);
  };
  const shown = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();

  async function publish(): Promise<string> {
    await button('Publish').click();
    await dialog().getByText('A published version cannot be changed.').waitFor();
    await dialog()
      .getByText(/older versions: \d|no live subscriptions/)
      .waitFor();
    const text = await dialog().innerText();
    await button('Publish', dialog()).click();
    return text;
  }

  it('creates a feature, with the reason of a refusal beside the field', async () => {
    expectLog(/422 POST \/v1\/features$/);
    await page.getByRole('heading', { level: 1, name: 'Catalogue of Letters' }).waitFor();
    await part('Features').click();
    await shown('No features yet');
    await button('Create a feature').click();
    await dialog().getByLabel('Name').fill('Pages');
    await dialog().getByLabel('Key').fill('Pages of letters');
    await button('Save', dialog()).click();
    await dialog().locator('.mantine-InputWrapper-error').waitFor();
    expect(await dialog().getByLabel('Key').getAttribute('aria-invalid')).toBe('true');
    await dialog().getByLabel('Key').fill('pages');
    await button('Save', dialog()).click();
    await page.getByRole('cell', { name: 'Pages', exact: true }).waitFor();
    await checkScreen('features');
  });

  it('creates a plan with a price and an entitlement, and publishes it', async () => {
    await part('Plans').click();
    await button('Create a plan').click();
    await dialog().getByLabel('Name').fill('Basic');
    await dialog().getByLabel('Key').fill('basic');
    await button('Save', dialog()).click();
    await page.getByRole('heading', { name: 'Draft of Basic' }).waitFor();
    await button('Add a price').click();
    await dialog().getByLabel('Amount').fill('10');
    await button('Apply', dialog()).click();
    await page.getByRole('combobox', { name: 'Add an entitlement' }).click();
    await page.getByRole('option', { name: 'Pages' }).click();
    await dialog().getByLabel('Included units').fill('100');
    await button('Apply', dialog()).click();
    await page.getByRole('table', { name: 'Entitlements' }).getByText('100 per billing period').waitFor();
    await checkScreen('draft');
    await button('Save the draft').click();
    expect(await publish()).toContain('The plan has no live subscriptions.');
    await shown('Version 1 is published');
    await dialog().waitFor({ state: 'detached' });
    const plan = await ok(stage.admin('GET', `/v1/plans/basic?product=${PRODUCT}`));
    expect(plan).toMatchObject({
      status: 'published',
      prices: [{ currency: 'EUR', interval: 'month', amount: 1_000 }],
      entitlements: [{ feature: 'pages', limit: 100, window: 'billing_period', overage: 'deny' }],
    });
  });

  it('shows the differences of a new version', async () => {
    for (let number = 0; number < CUSTOMERS; number++) {
      await ok(stage.admin('PUT', `/v1/customers/reader-${number}`, { body: { product: PRODUCT, plan: 'basic' } }));
    }
    await page.getByRole('link', { name: 'Create a new version' }).click();
    await page.getByLabel('Description').fill(MARKUP);
    await button('Edit Pages').click();
    await dialog().getByLabel('Included units').fill('250');
    await button('Apply', dialog()).click();
    await button('Save the draft').click();
    const versions = page.getByRole('table', { name: 'Versions' });
    await versions.getByText('Draft of version 2').waitFor();
    expect(await versions.locator('mark').allInnerTexts()).toEqual([MARKUP, '250 per billing period']);
    expect(await page.evaluate('window.injected === true || document.getElementById("stored") !== null')).toBe(false);
    await checkScreen('versions');
  });

  it('refuses to save a draft that another user changed, and reads it again', async () => {
    expectLog(/412 PATCH \/v1\/plans\/basic$/);
    await page.getByRole('link', { name: 'Edit the draft' }).click();
    await page.getByLabel('Trial in days').fill('5');
    await ok(stage.admin('PATCH', '/v1/plans/basic', { body: { product: PRODUCT, trialDays: 14 } }));
    await button('Save the draft').click();
    await page.getByRole('alert').getByText('Nothing was saved.').waitFor();
    await button('Reload').click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    expect(await page.getByLabel('Trial in days').inputValue()).toBe('14');
    await page.getByLabel('Trial in days').fill('0');
    await button('Save the draft').click();
    await page.getByRole('table', { name: 'Versions' }).waitFor();
  });

  it('publishes the new version and moves the subscriptions of the old one', async () => {
    expect(await publish()).toContain(`Live subscriptions that stay on older versions: ${CUSTOMERS}.`);
    await dialog().getByText('Move subscriptions to version 2').waitFor();
    await dialog().getByText(`Live subscriptions on older versions: ${CUSTOMERS}.`).waitFor();
    await dialog().getByLabel('Now, with proration').check();
    await dialog().getByLabel('Reason').fill('More pages for everyone');
    await button('Move subscriptions', dialog()).click();
    await page.getByRole('heading', { name: 'Subscriptions were moved to version 2' }).waitFor();
    await shown(`Moved: ${CUSTOMERS}`);
    await page.getByRole('columnheader', { name: `${CUSTOMERS} live subscriptions` }).waitFor();
    await checkScreen('moved');
    const { body } = await stage.admin('GET', `/v1/subscriptions?product=${PRODUCT}&plan=basic`);
    expect(body.data.map(({ plan }: { plan: { version: number } }) => plan.version)).toEqual(
      Array.from({ length: CUSTOMERS }, () => 2),
    );
  });

  it('imports the exported document without a difference, and shows that of a changed one', async () => {
    await part('Import and export').click();
    const download = page.waitForEvent('download');
    await button('Download the document').click();
    const text = fs.readFileSync(await (await download).path(), 'utf8');
    await page.getByLabel('Document', { exact: true }).fill(text);
    await button('Check the difference').click();
    await shown('The document equals the catalogue: nothing changes.');
    expect(await button('Apply the document').count()).toBe(0);
    await page.getByLabel('Document', { exact: true }).fill(text.replace('"amount": 1000', '"amount": 1200'));
    await button('Check the difference').click();
    await page.getByRole('table', { name: 'Plans' }).getByText('prices.month 1 EUR.amount').waitFor();
    await checkScreen('import');
    await button('Apply the document').click();
    await shown('The document was applied');
    const plan = await ok(stage.admin('GET', `/v1/plans/basic?product=${PRODUCT}`));
    expect(plan).toMatchObject({ version: 3, prices: [{ amount: 1_200 }] });
  });
});
