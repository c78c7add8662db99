import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { ok } from '../support/app.js';
import { axe, describeInBrowser, fillSignIn, type Stage, startStage } from '../support/browser.js';
import { PASSWORD, registerUser } from '../support/fixtures.js';
import { allowLog, expectLog } from '../support/log.js';
import { follow, heading, linkOf, openPages, RETURN_URL, setLook } from '../support/portal-pages.js';

const CUSTOMER = 'cloud-customer';
/** The next invoice of a product without billing. */
const BILLING_OFF = /409 POST \/v1\/invoices\/preview$/;
/** A text that would run a script if a page took it for HTML. */
const HTML = '<img src=x onerror="window.injected=true"><b>Plan</b>';

describeInBrowser('the entry to the portal', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await startStage();
    await setLook(stage, 'cloud');
  }, 120_000);
  afterAll(() => stage.stop());

  const stored = (page: Page) =>
    page.evaluate('document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage }) + location.href');

  it('takes the token out of the address and stores it nowhere', async () => {
    const page = await stage.newPage();
    const link = await linkOf(stage, CUSTOMER);
    await page.goto(link);
    await heading(page, 'Your subscription').waitFor();
    expect(page.url()).toBe(`${stage.url}/portal`);
    expect(await stored(page)).not.toContain(new URL(link).hash.replace('#token=', ''));
    expect(await stored(page)).not.toContain('tgp_');
    await page.goBack();
    expect(page.url()).toBe('about:blank');
  });

  it('says after a reload that the link must be opened again, and leads back', async () => {
    const page = await stage.newPage();
    await openPages(stage, page, CUSTOMER);
    const back = page.getByRole('link', { name: 'Back to Example Cloud' });
    expect(await back.getAttribute('href')).toBe(RETURN_URL);
    expect(await back.getAttribute('rel')).toBe('noreferrer');
    await page.reload();
    await heading(page, 'Open the link again').waitFor();
    expect(await page.getByRole('link', { name: 'Back to app.example.com' }).getAttribute('href')).toBe(RETURN_URL);
    expect(await axe(page)).toEqual([]);
  });

  it('never links to an address that is not one of the web', async () => {
    const page = await stage.newPage();
    await page.goto('/portal');
    await page.evaluate(`sessionStorage.setItem('tollgate-portal-return', 'javascript:alert(1)')`);
    await page.reload();
    await heading(page, 'Open the link again').waitFor();
    expect(await page.getByRole('link').count()).toBe(0);
  });

  it('refuses a link that was used, in a clear page', async () => {
    expectLog(/401 POST \/v1\/portal-sessions\/exchange/);
    const link = await linkOf(stage, CUSTOMER);
    const first = await stage.newPage();
    await first.goto(link);
    await heading(first, 'Your subscription').waitFor();
    const second = await stage.newPage();
    await second.goto(link);
    await heading(second, 'This link does not work any more').waitFor();
    expect(await axe(second)).toEqual([]);
    // The first session stays open.
    await follow(first, 'Invoices');
    await first.getByText('INV-2026-000001').waitFor();
  });

  it('refuses an expired link', async () => {
    expectLog(/401 POST \/v1\/portal-sessions\/exchange/);
    const link = await linkOf(stage, CUSTOMER);
    await stage.database.query(
      `update portal_sessions set created_at = created_at - interval '1 hour', expires_at = now() - interval '1 minute'
       where opened_at is null`,
    );
    const page = await stage.newPage();
    await page.goto(link);
    await heading(page, 'This link does not work any more').waitFor();
  });

  it('says that the session has ended when it is revoked, and keeps nothing of the customer', async () => {
    expectLog(/401 (GET|POST) \/v1/);
    const page = await stage.newPage();
    const opened = page.waitForResponse(/\/v1\/portal-sessions\/exchange$/);
    await openPages(stage, page, CUSTOMER);
    const { id } = (await (await opened).json()) as { id: string };
    await ok(stage.admin('DELETE', `/v1/portal-sessions/${id}`));
    // Revocation reaches every instance within a second.
    await page.waitForTimeout(1_500);
    // A late read of the overview may have noticed it already.
    const ended = heading(page, 'Your session has ended');
    if (!(await ended.isVisible())) await follow(page, 'Invoices');
    await ended.waitFor();
    expect(await page.getByText('INV-2026').count()).toBe(0);
  });

  it('ends the session on the server when the customer ends it', async () => {
    const page = await stage.newPage();
    const opened = page.waitForResponse(/\/v1\/portal-sessions\/exchange$/);
    await openPages(stage, page, CUSTOMER);
    const { accessToken: token } = (await (await opened).json()) as { accessToken: string };
    await page.getByRole('button', { name: 'End session' }).click();
    await heading(page, 'Your session has ended').waitFor();
    // Revocation reaches every instance within a second.
    await page.waitForTimeout(1_500);
    expect(await stage.call('GET', '/v1/customers/me/subscription?product=cloud', { token })).toMatchObject({
      status: 401,
    });
  });

  it('shows nothing of another customer, neither on its pages nor by address', async () => {
    await ok(stage.admin('PUT', '/v1/customers/stranger', { body: { product: 'cloud', currency: 'EUR' } }));
    const page = await stage.newPage();
    const opened = page.waitForResponse(/\/v1\/portal-sessions\/exchange$/);
    await openPages(stage, page, 'stranger');
    const { accessToken: token } = (await (await opened).json()) as { accessToken: string };
    await follow(page, 'Invoices');
    await heading(page, 'Invoices').waitFor();
    expect(await page.getByText('INV-2026-000001').count()).toBe(0);
    const query = `customer=${CUSTOMER}&product=cloud`;
    const { data } = (await ok(stage.admin('GET', `/v1/invoices?${query}`))) as { data: { id: string }[] };
    const [{ id }] = data as [{ id: string }];
    for (const path of [
      `/v1/invoices/${id}`,
      `/v1/invoices/${id}.pdf`,
      `/v1/invoices?${query}`,
      `/v1/customers/${CUSTOMER}/subscription?product=cloud`,
      `/v1/customers/${CUSTOMER}/billing-profile`,
    ])
      expect(await stage.call('GET', path, { token })).toMatchObject({ status: 404 });
  });

  it('shows HTML in the names of plans, customers and the product as text', async () => {
    allowLog(BILLING_OFF);
    const plan = {
      key: 'html',
      name: HTML,
      description: HTML,
      prices: [{ interval: 'month', amount: 0, currency: 'EUR' }],
    };
    const body = {
      product: { key: 'html', name: HTML },
      features: [{ key: 'html', name: HTML, type: 'boolean' }],
      plans: [{ ...plan, entitlements: [{ feature: 'html', type: 'boolean', value: true }] }],
      assignment: [{ plan: 'html' }],
    };
    await ok(stage.admin('POST', '/v1/catalog/apply', { body }));
    await setLook(stage, 'html', { name: HTML });
    await ok(stage.admin('PUT', '/v1/customers/html', { body: { product: 'html', name: HTML } }));
    const page = await stage.newPage();
    await openPages(stage, page, 'html', 'html');
    await page.getByText(HTML).nth(2).waitFor();
    for (const name of ['Plans', 'Billing details']) {
      await follow(page, name);
      await page.getByRole('heading', { level: 1, name: /Change your plan|Billing details/ }).waitFor();
    }
    expect(await page.getByLabel('Name or company').inputValue()).toBe(HTML);
    expect(await page.title()).toBe(HTML);
    expect(await page.evaluate('window.injected === undefined && document.querySelector("main img") === null')).toBe(
      true,
    );
  });

  it('people with an account sign in and see their own customer and their mail settings', async () => {
    allowLog(BILLING_OFF);
    const { email } = await registerUser(stage);
    const page = await stage.newPage();
    await page.goto('/portal');
    await fillSignIn(page, email, PASSWORD);
    await heading(page, 'Your subscription').waitFor();
    await follow(page, 'Messages');
    await page.getByLabel('Send messages by e-mail').click();
    await page.getByText('Your settings are saved.').waitFor();
    await page.reload();
    await heading(page, 'Messages').waitFor();
    expect(await page.getByLabel('Send messages by e-mail').isChecked()).toBe(false);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in to your subscription' }).waitFor();
  });

  it('speaks German to people who prefer it', async () => {
    const page = await stage.newPage({ locale: 'de-DE' });
    await page.goto(await linkOf(stage, CUSTOMER));
    await heading(page, 'Ihr Abonnement').waitFor();
    expect(await page.evaluate('document.documentElement.lang')).toBe('de');
    await page.getByRole('button', { name: 'English' }).click();
    await heading(page, 'Your subscription').waitFor();
  });

  it('keeps text readable on every brand colour', async () => {
    for (const accent of ['#ffe600', '#00ff00', '#0b0b0b', '#ffffff']) {
      await setLook(stage, 'cloud', { colors: { accent, background: '#888888', text: '#8a8a8a' } });
      const page = await stage.newPage();
      await openPages(stage, page, CUSTOMER);
      await page.getByText('1,000 left').waitFor();
      expect(await axe(page)).toEqual([]);
    }
  });
});
