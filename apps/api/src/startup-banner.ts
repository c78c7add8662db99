import * as path from 'node:path';
import type { Config } from '@app/platform';
import type { BootstrapOutcome } from './bootstrap-data.js';

/** The text printed after the start: the addresses, and a first try in three lines. One line in production. */
export function startupBanner(url: string, config: Config, { samples, generatedPassword }: BootstrapOutcome): string {
  if (config.production) return `Tollgate listens on ${url}`;
  const password =
    generatedPassword ??
    (config.adminPassword === null ? '(generated and printed at the first start)' : '(ADMIN_PASSWORD)');
  return `
Tollgate is ready.
  API        ${url}/v1
  Docs       ${url}/docs      (OpenAPI: ${url}/openapi.json)
  Health     ${url}/health/live, ${url}/health/ready
  Database   ${config.embeddedDatabase ? `embedded PostgreSQL, kept in ${config.dataDir}` : 'DATABASE_URL'}
  Admin      ${config.adminEmail}, password ${password}
  Mail       ${config.smtpUrl ? 'SMTP_URL' : `files in ${path.join(config.dataDir, 'mail')}, shown at ${url}/dev/mail`}
${samples.length > 0 ? `  Samples    catalogues loaded for: ${samples.join(', ')}\n` : ''}
Try it (in another terminal, all lines in the same shell):
  TOKEN=$(curl -s ${url}/v1/auth/login -H 'content-type: application/json' -d '{"email":"${config.adminEmail}","password":"${generatedPassword ?? 'YOUR-PASSWORD'}"}' | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')
  curl -s -X PUT ${url}/v1/customers/acme -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{"product":"api","plan":"basic-monthly"}'
  for i in 1 2 3 4 5 6; do curl -s ${url}/v1/usage/consume -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{"customer":"acme","product":"api","feature":"api_calls"}'; echo; done

The sixth call is denied: the plan allows five a month. The README has the next steps. Ctrl-C stops the service.
`;
}
