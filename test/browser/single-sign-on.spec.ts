import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { axe, describeInBrowser, type Stage, startStage } from '../support/browser.js';
import { freePort } from '../support/free-port.js';
import { IdentityProvider, settingsOf, staff } from '../support/identity-provider.js';

describeInBrowser('single sign-on in a browser', () => {
  const provider = new IdentityProvider();
  let stage: Stage;

  beforeAll(async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    // Another site than that of the service: the strict cookie is set by a redirect across sites.
    await provider.start({ host: 'localhost', publicUrl: url });
    stage = await startStage(settingsOf(provider, { PORT: String(port), PUBLIC_URL: url }));
  }, 60_000);
  afterAll(async () => {
    await stage.stop();
    await provider.stop();
  });

  const button = (page: Page) => page.getByRole('link', { name: 'Sign in with Example Login' });

  it('signs in, returns to the screen, and keeps the session over a reload', async () => {
    provider.switchTo(staff());
    const page = await stage.newPage();
    await page.goto('/admin/customers');
    await button(page).click();
    await page.getByRole('heading', { level: 1, name: 'Customers' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/admin/customers');
    expect(page.url()).not.toMatch(/code|state|token/);
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Customers' }).waitFor();
  });

  it('shows why a sign-in failed, in the words of the page', async () => {
    provider.current = null;
    const page = await stage.newPage();
    await page.goto('/admin');
    await button(page).click();
    await page.getByRole('alert').getByText('The provider refused the sign-in.').waitFor();
    expect(await axe(page)).toEqual([]);
    provider.switchTo(staff());
    await button(page).click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  });

  it('shows no text of the address', async () => {
    const page = await stage.newPage();
    await page.goto('/admin/sign-in?error=%3Cb%3EPay%20here%3C%2Fb%3E');
    await page.getByRole('alert').getByText('The single sign-on failed.').waitFor();
    expect(await page.getByText('Pay here').count()).toBe(0);
  });
});
