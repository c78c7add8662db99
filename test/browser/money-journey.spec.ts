import * as fs from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { ok } from '../support/app.js';
import { axe, describeInBrowser, screenshot, signIn, type Stage, startStage } from '../support/browser.js';
import { PASSWORD, type RegisteredUser, registerUserWithRole } from '../support/fixtures.js';

const PRODUCT = 'cloud';
/** The sample customer, with three months of paid invoices. */
const CUSTOMER = 'cloud-customer';
const REASON = 'The service was down on three days.';

describeInBrowser('money in the console', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await startStage();
  }, 60_000);
  afterAll(() => stage.stop());

  const open = async (user: RegisteredUser, at: string): Promise<Page> => {
    const page = await stage.newPage();
    await page.goto(at);
    await signIn(page, user.email, PASSWORD);
    return page;
  };
  const paidPayment = async () => {
    const { data } = await ok(stage.admin('GET', `/v1/payments?customer=${CUSTOMER}&status=succeeded`));
    return data[0];
  };

  it('lets finance save the PDF of an invoice, refund its payment and see the credit note', async () => {
    const { invoice } = await paidPayment();
    const { number } = await ok(stage.admin('GET', `/v1/invoices/${invoice}`));
    const finance = await registerUserWithRole(stage, { role: 'finance' });
    const page = await open(finance, `/admin/invoices?product=${PRODUCT}&status=paid`);
    await page.getByRole('link', { name: number }).click();
    await page.getByRole('heading', { level: 1, name: `Invoice ${number}` }).waitFor();
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save the PDF' }).click();
    const file = await saved;
    expect(file.suggestedFilename()).toBe(`${number}.pdf`);
    expect(
      fs
        .readFileSync(await file.path())
        .subarray(0, 5)
        .toString(),
    ).toBe('%PDF-');
    await page.getByRole('button', { name: 'Show the PDF' }).click();
    await page.getByTitle(`PDF of ${number}`).waitFor();
    expect(await axe(page)).toEqual([]);
    await screenshot(page, 'invoice');

    await page.getByRole('table', { name: 'Payments' }).getByRole('button', { name: 'Refund' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Amount').fill('10');
    await dialog.getByLabel('Reason').fill(REASON);
    await dialog.getByRole('button', { name: 'Refund: €10.00' }).click();
    const note = page.getByRole('table', { name: 'Credit notes' }).getByRole('row').filter({ hasText: REASON });
    await note.getByText('€10.00').waitFor();
  }, 60_000);

  it('refuses a refund to support, in the page and in the API', async () => {
    const { id, invoice } = await paidPayment();
    const support = await registerUserWithRole(stage, { role: 'support' });
    const page = await open(support, `/admin/customers/${CUSTOMER}?product=${PRODUCT}&tab=payments`);
    const payments = page.getByRole('table', { name: 'Payments' });
    await payments.getByText('Succeeded').first().waitFor();
    expect(await payments.getByRole('button', { name: 'Refund' }).count()).toBe(0);
    await page.goto(`/admin/invoices/${invoice}`);
    await page.getByRole('heading', { level: 1, name: /^Invoice / }).waitFor();
    expect(await page.getByRole('button', { name: /Refund|credit note/i }).count()).toBe(0);
    const refused = await support.call('POST', `/v1/payments/${id}/refund`, { body: { amount: 100, reason: REASON } });
    expect(refused.status).toBe(403);
  });
});
