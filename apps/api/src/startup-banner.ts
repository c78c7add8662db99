import * as path from 'node:path';
import type { Invoice } from '@app/billing';
import type { Config } from '@app/platform';
import type { BootstrapOutcome } from './bootstrap-data.js';

/** The data that was created at the start, and an invoice of the sample customer. */
export interface StartOutcome extends BootstrapOutcome {
  invoice: Pick<Invoice, 'id' | 'number'> | null;
}

/** The text printed after the start: the addresses, and a first try in three lines. One line in production. */
export function startupBanner(
  url: string,
  config: Config,
  { samples, generatedPassword, invoice }: StartOutcome,
): string {
  if (config.production) return `Tollgate listens on ${url}`;
  const password =
    generatedPassword ??
    (config.adminPassword === null ? '(generated and printed at the first start)' : '(ADMIN_PASSWORD)');
  return `
Tollgate is ready.
  API        ${url}/v1
${config.pages ? `  Console    ${url}/admin\n` : ''}  Docs       ${url}/docs      (OpenAPI: ${url}/openapi.json)
  Health     ${url}/health/live, ${url}/health/ready
  Database   ${config.embeddedDatabase ? `embedded PostgreSQL, kept in ${config.dataDir}` : 'DATABASE_URL'}
  Admin      ${config.adminEmail}, password ${password}
  Mail       ${config.smtpUrl ? 'SMTP_URL' : `files in ${path.join(config.dataDir, 'mail')}, shown at ${url}/dev/mail`}
${samplesLine(invoice ? [...samples, 'cloud'] : samples, config)}
Try it (in another terminal, all lines in the same shell):
  TOKEN=$(curl -s ${url}/v1/auth/login -H 'content-type: application/json' -d '{"email":"${config.adminEmail}","password":"${generatedPassword ?? 'YOUR-PASSWORD'}"}' | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')
${firstSteps(url, config.sampleData)}
The sixth call is denied: the plan allows five a month.${invoiceLines(url, invoice)}
The README has the next steps. Ctrl-C stops the service.
`;
}

/** How to get an invoice of the sample customer. */
const invoiceLines = (url: string, invoice: StartOutcome['invoice']): string =>
  invoice
    ? `
The customer cloud-customer has three months of invoices. The newest as PDF (ready a second after the start):
  curl -s ${url}/v1/invoices/${invoice.id}.pdf -H "authorization: Bearer $TOKEN" -o ${invoice.number}.pdf`
    : '';

function samplesLine(loaded: string[], { sampleData, sampleYear }: Config): string {
  if (!sampleData) return '  Samples    none (SAMPLE_DATA=on loads sample catalogues)\n';
  if (loaded.length === 0) return '';
  const year = sampleYear ? '\n             customers follow below; until then no job runs' : '';
  return `  Samples    catalogues loaded for: ${loaded.join(', ')}${year}\n`;
}

/** A customer on a plan of the samples. Without samples the lines create a product with a plan first. */
function firstSteps(url: string, hasSamples: boolean): string {
  const [product, plan] = hasSamples ? ['api', 'basic-monthly'] : ['first-try', 'basic'];
  const call = (method: string, path: string, body: object): string =>
    `curl -s -X ${method} ${url}${path} -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '${JSON.stringify(body)}'`;
  const lines = [
    ...(hasSamples ? [] : [call('POST', '/v1/catalog/apply', FIRST_CATALOG)]),
    call('PUT', '/v1/customers/acme', { product, plan }),
    `for i in 1 2 3 4 5 6; do ${call('POST', '/v1/usage/consume', { customer: 'acme', product, feature: 'api_calls' })}; echo; done`,
  ];
  return lines.map((line) => `  ${line}\n`).join('');
}

/** A separate product: the lines change nothing else in a database that is in use. */
const FIRST_CATALOG = {
  product: { key: 'first-try', name: 'First try' },
  features: [{ key: 'api_calls', name: 'API calls', type: 'metered' }],
  plans: [
    {
      key: 'basic',
      name: 'Basic',
      prices: [{ interval: 'month', amount: 900, currency: 'EUR' }],
      entitlements: [{ feature: 'api_calls', type: 'metered', limit: 5, window: 'month', overage: 'deny' }],
    },
  ],
  assignment: [{ plan: 'basic' }],
};
