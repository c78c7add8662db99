import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DCLinter } from 'dclint';
import { knownVariables, readYaml } from './deployment-files.js';

const composeFile = path.resolve(import.meta.dirname, '../../docker-compose.yml');
/** The api publishes its port on purpose. All other rules are the defaults of dclint; style warnings are ignored. */
const RULES = { 'no-unbound-port-interfaces': 0 } as const;

interface Finding {
  type: 'error' | 'warning';
  rule: string;
  message: string;
}

/** Errors by the schema of the Compose specification, which dclint contains, and by the rules of dclint. */
function problemsOf(file: string): string[] {
  const results: { messages: Finding[] }[] = new DCLinter({
    rules: RULES,
    quiet: true,
    debug: false,
    exclude: [],
  }).lintFiles([file], false);
  return results.flatMap(({ messages }) =>
    messages.filter(({ type }) => type === 'error').map(({ rule, message }) => `${rule}: ${message}`),
  );
}

describe('docker-compose.yml', () => {
  let folder: string;
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-compose-'));
  });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('matches the Compose schema', () => {
    expect(problemsOf(composeFile)).toEqual([]);
  });

  it.each([
    ['an unknown field', '  api:\n', '  api:\n    imagee: x\n'],
    ['a wrong type', 'read_only: true', 'read_only: [1]'],
    ['a condition that there is not', 'condition: service_healthy', 'condition: healthy'],
    ['a section that there is not', '\nvolumes:\n', '\nvolume:\n'],
  ])('would be rejected with %s', (_, right, wrong) => {
    const ours = fs.readFileSync(composeFile, 'utf8');
    expect(ours).toContain(right);
    const file = path.join(folder, 'docker-compose.yml');
    fs.writeFileSync(file, ours.replace(right, wrong));
    expect(problemsOf(file)).toContainEqual(expect.stringMatching(/^invalid-schema: /));
  });

  it('sets only known variables and starts built programs', () => {
    const [{ services, volumes }] = readYaml(composeFile) as [any];
    const known = knownVariables();
    const ours = Object.entries<any>(services).filter(([, { build }]) => build);
    expect(ours.map(([name]) => name)).toEqual(['migrate', 'api', 'worker']);
    for (const [name, service] of ours) {
      expect([name, Object.keys(service.environment).filter((variable) => !known.includes(variable))]).toEqual([
        name,
        [],
      ]);
      expect([name, Object.keys(service.depends_on).filter((other) => !services[other])]).toEqual([name, []]);
      expect(service).toMatchObject({
        read_only: true,
        tmpfs: ['/tmp'],
        environment: { NODE_ENV: 'production', WORKER: 'off', DATA_DIR: expect.stringMatching(/^\/tmp\//) },
      });
    }
    expect(services.postgres.volumes.map((mount: string) => mount.split(':')[0])).toEqual(Object.keys(volumes));
  });

  it('contains no secret', () => {
    const [{ services }] = readYaml(composeFile) as [any];
    for (const { environment = {} } of Object.values<any>(services)) {
      for (const [name, value] of Object.entries<string>(environment))
        if (/SECRET|PASSWORD|TOKEN/.test(name))
          expect([name, value]).toEqual([name, expect.stringMatching(/^\$\{\w+:?[?-][^}]*\}$/)]);
    }
  });
});
