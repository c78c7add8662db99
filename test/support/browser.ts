import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe } from '@jest/globals';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { ADMIN, type Call, createCall, ok, SECRET_KEY } from './app.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { freePort } from './free-port.js';
import { recordLine } from './log.js';
import { startProcess, temporaryFolder } from './process.js';

const NAMES = ['chromium', 'chromium-browser'];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const WAIT_MS = 20_000;
/** After this time the colours of a new scheme no longer change. */
const SETTLED_MS = 400;
const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
const SCHEMES = ['light', 'dark'] as const;
const SCREENS = path.resolve('.artefacts', 'screens');
const AXE = fs.readFileSync('node_modules/axe-core/axe.min.js', 'utf8');

/** A page starts before it knows whether it has a session. */
const NO_SESSION_YET = /^401 .*\/v1\/auth\/browser\/refresh$/;

function findChromium(): string | null {
  const set = process.env['CHROMIUM_PATH'];
  if (set) return set;
  for (const name of NAMES)
    try {
      return execFileSync('which', [name]).toString().trim();
    } catch {
      // Not installed under this name.
    }
  return null;
}

/** @throws Error without a browser while TESTS_MUST_NOT_SKIP is on */
function chromiumPath(): string | null {
  const found = findChromium();
  if (found === null && process.env['TESTS_MUST_NOT_SKIP'] === 'on')
    throw new Error('CHROMIUM_PATH is not set, chromium is not installed, and TESTS_MUST_NOT_SKIP is on.');
  return found;
}

const executablePath = chromiumPath();

/** `describe` of tests that need a browser. */
export const describeInBrowser = executablePath ? describe : describe.skip;

/** The built service with its database, and a browser. */
export interface Stage {
  url: string;
  database: TestDatabase;
  call: Call;
  /** Calls as the admin. */
  admin: Call;
  /** A page of a new profile: without cookies of other pages. Pages of one context are tabs of one profile. */
  newPage(options?: BrowserContextOptions): Promise<Page>;
  stop(): Promise<void>;
}

/** Starts the built service on its own database, with sample data, and a browser. */
export async function startStage(environment: Record<string, string> = {}): Promise<Stage> {
  const [database, port] = await Promise.all([createTestDatabase(), freePort()]);
  const service = await startProcess(temporaryFolder(), {
    DATABASE_URL: database.url,
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    ADMIN_PASSWORD: ADMIN.password,
    SECRET_KEY,
    SAMPLE_DATA: 'on',
    LOG_LEVEL: 'error',
    ...environment,
  });
  const call = createCall(service.url);
  const { accessToken: token } = (await ok(call('POST', '/v1/auth/login', { body: ADMIN }))) as { accessToken: string };
  const browser = await chromium.launch({ executablePath: executablePath!, args: FLAGS });
  return {
    url: service.url,
    database,
    call,
    admin: (method, at, options = {}) => call(method, at, { token, ...options }),
    newPage: (options) => openPage(browser, service.url, options),
    stop: async () => {
      await browser.close();
      await service.stop('SIGTERM');
      await database.drop();
    },
  };
}

async function openPage(browser: Browser, baseURL: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ baseURL, viewport: DESKTOP, locale: 'en-GB', ...options });
  context.setDefaultTimeout(WAIT_MS);
  watch(context);
  return context.newPage();
}

/**
 * Records every error of the pages as a line of the log: errors in their console, violations of the
 * Content-Security-Policy among them, exceptions, and requests that fail. `expectLog` and `allowLog` declare those that
 * a test provokes.
 */
function watch(context: BrowserContext): void {
  context.on('console', (message) => {
    // The browser reports answers with an error in its console, too: see below.
    const isError =
      ['error', 'warning'].includes(message.type()) && !message.text().startsWith('Failed to load resource');
    if (isError) recordLine(`console of the page: ${message.text()}`);
  });
  context.on('weberror', (error) => recordLine(`exception in the page: ${error.error().message}`));
  context.on('response', (response) => {
    const line = `${response.status()} ${response.request().method()} ${new URL(response.url()).pathname}`;
    if (response.status() >= 400 && !NO_SESSION_YET.test(line)) recordLine(`answer to the page: ${line}`);
  });
  context.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? '';
    // The page itself ends requests when it moves on.
    if (reason !== 'net::ERR_ABORTED') recordLine(`request of the page: ${reason} ${new URL(request.url()).pathname}`);
  });
}

/** Signs in at the console, or on the page of the portal that is open. */
export async function signIn(page: Page, email = ADMIN.email, password = ADMIN.password): Promise<void> {
  if (page.url() === 'about:blank') await page.goto('/admin');
  await fillSignIn(page, email, password);
  await page.locator('main#content h1').first().waitFor();
}

/** Fills in the form of the sign-in and sends it. */
export async function fillSignIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByRole('textbox', { name: 'Password' }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

interface Finding {
  id: string;
  impact: string;
  help: string;
  nodes: { target: string[]; failureSummary: string }[];
}

/** Checks a screen with axe, light and dark. @returns the serious and critical findings, with their elements */
export async function axe(page: Page): Promise<string[]> {
  const found: string[] = [];
  await inBothSchemes(page, async (scheme) => {
    await page.evaluate(AXE);
    const { violations } = await page.evaluate<{ violations: Finding[] }>('axe.run()');
    for (const { id, impact, help, nodes } of violations)
      if (['serious', 'critical'].includes(impact))
        found.push(
          `${scheme}: ${id}: ${help}\n${nodes.map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary}`).join('\n')}`,
        );
  });
  return found;
}

/** With SCREENSHOTS=on: stores the screen in .artefacts/screens, as wide as a desktop and a phone, light and dark. */
export async function screenshot(page: Page, name: string): Promise<void> {
  if (process.env['SCREENSHOTS'] !== 'on') return;
  const before = page.viewportSize() ?? DESKTOP;
  fs.mkdirSync(SCREENS, { recursive: true });
  for (const size of [DESKTOP, PHONE]) {
    await page.setViewportSize(size);
    await inBothSchemes(page, async (scheme) => {
      await page.screenshot({ path: path.join(SCREENS, `${name}-${size.width}-${scheme}.png`), fullPage: true });
    });
  }
  await page.setViewportSize(before);
}

async function inBothSchemes(page: Page, look: (scheme: string) => Promise<void>): Promise<void> {
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(SETTLED_MS);
    await look(colorScheme);
  }
  await page.emulateMedia({ colorScheme: 'light' });
}
