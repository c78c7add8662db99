import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { axe, describeInBrowser, fillSignIn, screenshot, signIn, type Stage, startStage } from '../support/browser.js';
import { ADMIN } from '../support/app.js';
import { PASSWORD, registerUserWithRole } from '../support/fixtures.js';
import { expectLog } from '../support/log.js';

describeInBrowser('the frame of the console', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await startStage();
  }, 60_000);
  afterAll(() => stage.stop());

  const signInForm = (page: Page) => page.getByRole('button', { name: 'Sign in' });
  const signOut = async (page: Page): Promise<void> => {
    await page.getByRole('button', { name: ADMIN.email }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
  };

  it('refuses a wrong password and admits the right one', async () => {
    expectLog(/401 POST \/v1\/auth\/browser-login$/);
    const page = await stage.newPage();
    await page.goto('/admin');
    await fillSignIn(page, ADMIN.email, 'not the password of this user');
    await page.getByRole('alert').getByText('E-mail or password is wrong.').waitFor();
    await signIn(page);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  });

  it('keeps the session over a reload, without a token that scripts can read', async () => {
    const page = await stage.newPage();
    await signIn(page);
    await page.reload();
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    expect(await page.evaluate('document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })')).not.toMatch(
      /token|refresh/,
    );
  });

  it('ends the session in every tab', async () => {
    const page = await stage.newPage();
    await signIn(page);
    const other = await page.context().newPage();
    await other.goto('/admin');
    await other.getByRole('heading', { level: 1 }).first().waitFor();
    await signOut(page);
    await signInForm(page).waitFor();
    await signInForm(other).waitFor();
    await other.reload();
    await signInForm(other).waitFor();
  });

  it('shows the screen of a link after the sign-in', async () => {
    const page = await stage.newPage();
    await page.goto('/admin/customers?q=cloud');
    const read = page.waitForRequest(/\/v1\/customers\?/);
    await signIn(page);
    // The limit of the console depends on it.
    expect((await (await read).allHeaders())['sec-fetch-site']).toBe('same-origin');
    expect(new URL(page.url()).pathname).toBe('/admin/customers');
    await page.getByRole('heading', { level: 1, name: 'Customers' }).waitFor();
  });

  it('returns to the sign-in when the session was revoked', async () => {
    expectLog(/401 (GET|POST) \/v1/);
    const user = await registerUserWithRole(stage, { role: 'support' });
    const page = await stage.newPage();
    await signIn(page, user.email, PASSWORD);
    // A new role ends all sessions.
    await stage.admin('PATCH', `/v1/users/${user.userId}`, { body: { role: 'user' } });
    // Revocation reaches every instance within a second.
    await page.waitForTimeout(1_500);
    // A late read of the overview may have noticed it already.
    const customers = page.getByRole('link', { name: 'Customers' });
    if (await customers.isVisible()) await customers.click();
    await signInForm(page).waitFor();
  });

  it('has no serious finding of axe, light and dark', async () => {
    const page = await stage.newPage();
    await page.goto('/admin');
    await signInForm(page).waitFor();
    expect(await axe(page)).toEqual([]);
    await screenshot(page, 'sign-in');
    await signIn(page);
    expect(await axe(page)).toEqual([]);
    await screenshot(page, 'overview');
  });

  it('can be used with the keyboard alone', async () => {
    const page = await stage.newPage();
    await page.goto('/admin');
    await signInForm(page).waitFor();
    await page.keyboard.type(ADMIN.email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(ADMIN.password);
    await page.keyboard.press('Enter');
    const customers = page.getByRole('link', { name: 'Customers' });
    await customers.waitFor();
    const isFocused = (): Promise<boolean> => customers.evaluate((link) => link === link.ownerDocument.activeElement);
    for (let presses = 0; presses < 20 && !(await isFocused()); presses++) await page.keyboard.press('Tab');
    expect(await isFocused()).toBe(true);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Customers' }).waitFor();
  });

  it('runs no script that was injected into the document', async () => {
    expectLog(/console of the page: .*Content Security Policy/);
    const page = await stage.newPage();
    await page.goto('/admin');
    await signInForm(page).waitFor();
    const ran = await page.evaluate(`
      const script = document.createElement('script');
      script.textContent = 'window.injected = true';
      document.body.append(script);
      window.injected === true`);
    expect(ran).toBe(false);
  });
});
