import type { Page } from 'playwright-core';
import { ok } from './app.js';
import type { Stage } from './browser.js';

export const RETURN_URL = 'https://app.example.com/billing';

/** Settings of the portal of a product, with an allowed return URL. */
export async function setLook(stage: Stage, product: string, look: object = {}): Promise<void> {
  const body = { name: 'Example Cloud', allowedReturnUrls: [RETURN_URL], ...look };
  await ok(stage.admin('PUT', `/v1/products/${product}/portal`, { body }));
}

/** A link to the portal, as the backend of a service creates it. */
export async function linkOf(stage: Stage, customer: string, product = 'cloud'): Promise<string> {
  const body = { customer, product, returnUrl: RETURN_URL };
  const { url } = (await ok(stage.admin('POST', '/v1/portal-sessions', { body }))) as { url: string };
  return url;
}

/** Opens the pages of a customer. */
export async function openPages(stage: Stage, page: Page, customer: string, product = 'cloud'): Promise<void> {
  await page.goto(await linkOf(stage, customer, product));
  await heading(page, 'Your subscription').waitFor();
}

export const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name });

/** Follows a link of the navigation. */
export const follow = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click();
