import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import spectralCore from '@stoplight/spectral-core';
import spectralRulesets from '@stoplight/spectral-rulesets';
import { ensureDocument } from './openapi-document.mjs';

/**
 * Checks the OpenAPI document with the recommended rules of Redocly and of Spectral. A warning fails, too.
 * Usage: node scripts/lint-openapi.mjs [document]; by default the document of the built service.
 */
const root = path.resolve(import.meta.dirname, '..');

/** Rules that an operation whose answer is a redirect cannot follow: it has no answer 2xx. */
const isOfRedirect = ({ ruleId, location: [{ pointer } = {}] }) =>
  ruleId === 'operation-2xx-response' && /\/paths\/~1v1~1auth~1oidc~1(login|callback)\/get\//.test(pointer);

/** @returns the findings of Redocly, one a line */
function redocly(document) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['node_modules/@redocly/cli/bin/cli.js', 'lint', document, '--extends=recommended', '--format=json'],
    {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 100 * 1024 * 1024,
      env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
    },
  );
  const problems = JSON.parse(stdout || 'null')?.problems;
  if (!problems) throw new Error(`Redocly ended with ${status}:\n${stderr}`);
  return problems
    .filter((problem) => !isOfRedirect(problem))
    .map(
      ({ severity, ruleId, message, location: [{ pointer } = {}] }) =>
        `redocly ${severity} ${ruleId} at ${pointer}: ${message}`,
    );
}

/** @returns the findings of Spectral, one a line */
async function spectral(document) {
  const linter = new spectralCore.Spectral();
  linter.setRuleset({ extends: [[spectralRulesets.oas, 'recommended']] });
  const problems = await linter.run(JSON.parse(fs.readFileSync(document, 'utf8')));
  return problems.map(({ code, message, path: at }) => `spectral ${code} at ${at.join('/')}: ${message}`);
}

const document = path.resolve(process.argv[2] ?? (await ensureDocument()));
const problems = [...redocly(document), ...(await spectral(document))];
for (const problem of problems) console.error(problem);
console.log(`OpenAPI document: ${problems.length} errors and warnings of Redocly and Spectral`);
process.exitCode = problems.length === 0 ? 0 : 1;
