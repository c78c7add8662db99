import { execFileSync } from 'node:child_process';

export { install, nodeOf } from '../../scripts/node-of.mjs';

/** Whether tests that install packages can run. Where no test may be skipped, a missing registry is an error. */
export function registryIsThere(): boolean {
  try {
    npm(['view', 'openapi-fetch', 'version', '--fetch-retries=0', '--fetch-timeout=10000']);
    return true;
  } catch {
    if (process.env['TESTS_MUST_NOT_SKIP'] === 'on')
      throw new Error('The npm registry does not respond, and no test may be skipped.');
    return false;
  }
}

/** Runs npm and returns its output; throws with its error output if it fails. */
export function npm(parameters: string[], cwd?: string): string {
  return execFileSync('npm', parameters, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
