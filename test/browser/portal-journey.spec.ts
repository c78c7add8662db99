import * as fs from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { ok } from '../support/app.js';
import { axe, describeInBrowser, screenshot, type Stage, startStage } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { expectLog } from '../support/log.js';
import { textOfPdf } from '../support/pdf-text.js';
import { follow, heading, openPages, setLook } from '../support/portal-pages.js';

/** The sample customer: three months of paid invoices, and a payment method. */
const CUSTOMER = 'cloud-customer';
const PHONE = { width: 390, height: 844 };

describeInBrowser('the portal of a customer', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await startStage();
    await setLook(stage, 'cloud');
  }, 120_000);
  afterAll(() => stage.stop());

  const open = async (): Promise<Page> => {
    const page = await stage.newPage({ viewport: PHONE });
    await openPages(stage, page, CUSTOMER);
    return page;
  };
  const current = async (customer: string) =>
    (await ok(stage.admin('GET', `/v1/customers/${customer}/subscription?product=cloud`))) as {
      id: string;
      status: string;
      plan: { key: string };
      cancelAtPeriodEnd: boolean;
    };
  const subscription = () => current(CUSTOMER);
  const dialog = (page: Page) => page.getByRole('dialog');

  it('shows the plan, its price, the next invoice and the usage', async () => {
    const page = await open();
    await page.getByText('€29.00 per month').waitFor();
    await page.getByText('€34.51').waitFor();
    await page.getByText('0 of 1,000 used, 1,000 left').waitFor();
    await page.getByRole('progressbar', { name: 'Seats' }).waitFor({ state: 'attached' });
  });

  it('upgrades after a preview of the money and of the entitlements', async () => {
    const page = await open();
    await follow(page, 'Plans');
    await page.getByRole('button', { name: 'Change to Scale' }).click();
    await dialog(page).getByText('Remaining time: Scale').waitFor();
    await dialog(page).getByText('Seats: 3 → Seats: 20').waitFor();
    expect(await axe(page)).toEqual([]);
    expect(await subscription()).toMatchObject({ plan: { key: 'starter' } });
    await dialog(page)
      .getByRole('button', { name: /^Confirm and pay €/ })
      .click();
    await page.getByText('Your plan is changed.').waitFor();
    expect(await subscription()).toMatchObject({ plan: { key: 'scale' } });
    await follow(page, 'Overview');
    await page.getByText('€99.00 per month').waitFor();
  });

  it('warns before a downgrade below the current use', async () => {
    const body = { customer: CUSTOMER, product: 'cloud', feature: 'seats', quantity: 12 };
    await ok(stage.admin('POST', '/v1/usage/consume', { body }));
    const page = await open();
    await follow(page, 'Plans');
    await page.getByRole('button', { name: 'Change to Starter' }).click();
    await dialog(page).getByText('Seats: 12 of 3').waitFor();
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    expect(await subscription()).toMatchObject({ plan: { key: 'scale' } });
  });

  it('cancels with a reason that is kept, and resumes', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Cancel subscription' }).click();
    const confirm = dialog(page).getByRole('button', { name: 'Cancel subscription' });
    await dialog(page)
      .getByText(/^You keep full access until/)
      .waitFor();
    expect(await confirm.isDisabled()).toBe(true);
    await dialog(page).getByLabel('A feature is missing').check();
    await dialog(page).getByLabel('Comment').fill('No <b>export</b>');
    await confirm.click();
    await page.getByText(/^Your subscription ends on/).waitFor();
    const { id, cancelAtPeriodEnd } = await subscription();
    expect(cancelAtPeriodEnd).toBe(true);
    const timeline = (await ok(stage.admin('GET', `/v1/subscriptions/${id}/timeline`))) as { data: object[] };
    expect(timeline.data).toContainEqual(
      expect.objectContaining({
        reason: 'missing_feature: No <b>export</b>',
        actor: expect.objectContaining({ kind: 'portal' }),
      }),
    );
    // Its button has the same name.
    await dialog(page).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Keep the subscription' }).click();
    await page.getByText('Your subscription continues.').waitFor();
    expect(await subscription()).toMatchObject({ cancelAtPeriodEnd: false });
  });

  it('downloads an invoice as PDF under its number', async () => {
    const page = await open();
    await follow(page, 'Invoices');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download INV-2026-000001 as PDF' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('INV-2026-000001.pdf');
    const content = await fs.readFile(await download.path());
    expect(content.subarray(0, 5).toString()).toBe('%PDF-');
    expect(textOfPdf(content).join()).toContain('INV-2026-000001');
  });

  /** Stores a test method of the sandbox on the page of the provider, which opens in another tab. */
  const addMethod = async (page: Page, behavior: string): Promise<void> => {
    await follow(page, 'Payment');
    await page.getByRole('button', { name: 'Add a payment method' }).click();
    const [provider] = await Promise.all([
      page.context().waitForEvent('page'),
      dialog(page)
        .getByRole('link', { name: /^Continue to the provider/ })
        .click(),
    ]);
    await provider.locator(`input[value=${behavior}]`).check();
    await provider.getByRole('button', { name: 'Store' }).click();
    await heading(provider, 'Your payment method is saved').waitFor();
    await page.getByText('Your payment method is saved.').last().waitFor();
  };

  it('adds a payment method on a page of the provider in another tab', async () => {
    const page = await open();
    await addMethod(page, 'succeeds_late');
    await page.getByRole('listitem').nth(1).waitFor();
  });

  it('pays an open invoice with another payment method', async () => {
    await ok(stage.admin('PUT', '/v1/customers/payer', { body: { product: 'cloud', currency: 'EUR' } }));
    const statuses = async () => {
      const { data } = await ok(stage.admin('GET', '/v1/invoices?customer=payer&product=cloud'));
      return (data as { status: string }[]).map(({ status }) => status);
    };
    await eventually(async () => (await statuses()).join() === 'open');
    const page = await stage.newPage({ viewport: PHONE });
    await openPages(stage, page, 'payer');
    await follow(page, 'Invoices');
    await page.getByRole('button', { name: 'Pay' }).click();
    await dialog(page).getByText('Add a payment method first.').waitFor();
    await page.keyboard.press('Escape');
    // It is charged as soon as it is stored.
    await addMethod(page, 'declined');
    await eventually(async () => (await current('payer')).status === 'past_due');
    await follow(page, 'Overview');
    await page.getByText('A payment failed').waitFor();
    await addMethod(page, 'succeeds');
    await page.getByRole('listitem').nth(1).waitFor();
    await follow(page, 'Invoices');
    await page.getByRole('button', { name: 'Pay' }).click();
    await dialog(page).getByLabel('Payment method').selectOption('test •••• 4242');
    await dialog(page)
      .getByRole('button', { name: /^Pay €/ })
      .click();
    await page.getByText('The invoice is paid.').waitFor();
    expect(await statuses()).toEqual(['paid']);
  }, 90_000);

  it('stores billing details, and says beside the field why one is refused', async () => {
    expectLog(/422 PUT \/v1\/customers\/me\/billing-profile$/);
    const page = await open();
    await follow(page, 'Billing details');
    await page.getByLabel('E-mail for invoices').fill('not an address');
    await page.getByRole('button', { name: 'Save' }).click();
    const field = page.getByLabel('E-mail for invoices');
    await page.getByRole('alert').waitFor();
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    await field.fill('billing@muster.example');
    await page.getByLabel('City').fill('Kiel');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Your billing details are saved.').waitFor();
    const profile = await ok(stage.admin('GET', `/v1/customers/${CUSTOMER}/billing-profile`));
    expect(profile).toMatchObject({
      email: 'billing@muster.example',
      taxId: 'DE987654321',
      address: { city: 'Kiel', country: 'DE' },
    });
  });

  it('has no serious finding of axe on any page, and fits on a phone', async () => {
    const page = await open();
    for (const name of ['Overview', 'Plans', 'Invoices', 'Payment', 'Billing details', 'Messages']) {
      await follow(page, name);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' });
      expect(await axe(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(PHONE.width);
      await screenshot(page, `portal-${name.toLowerCase().replace(' ', '-')}`);
    }
  });

  it('can be used with the keyboard alone, and returns the focus after a dialog', async () => {
    const page = await open();
    const cancel = page.getByRole('button', { name: 'Cancel subscription' });
    const isFocused = () => cancel.evaluate((button) => button === button.ownerDocument.activeElement);
    for (let presses = 0; presses < 30 && !(await isFocused()); presses++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await dialog(page).waitFor();
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached' });
    expect(await isFocused()).toBe(true);
  });
});
