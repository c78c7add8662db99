import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = path.resolve(import.meta.dirname, '../..');
const { forbidden } = createRequire(import.meta.url)(path.join(root, '.dependency-cruiser.cjs')) as {
  forbidden: { name: string }[];
};
const LIBS = [
  'kernel',
  'platform',
  'events',
  'users',
  'customers',
  'catalog',
  'subscriptions',
  'entitlements',
  'metering',
  'deliveries',
  'webhooks',
  'notifications',
  'auth',
  'billing',
  'stripe',
  'documents',
  'accounts',
];

/** A file that breaks one rule, and the rule that must report it. */
interface Breach {
  rule: string;
  file: string;
  code: string;
}

const IMPORT_BREACHES: Breach[] = [
  { rule: 'one-way-kernel', file: 'libs/kernel/src/a.ts', code: `import '@app/platform';` },
  { rule: 'one-way-platform', file: 'libs/platform/src/a.ts', code: `import '@app/users';` },
  { rule: 'one-way-events', file: 'libs/events/src/a.ts', code: `import '@app/users';` },
  { rule: 'one-way-users', file: 'libs/users/src/a.ts', code: `import '@app/customers';` },
  { rule: 'one-way-customers', file: 'libs/customers/src/a.ts', code: `import '@app/catalog';` },
  { rule: 'one-way-catalog', file: 'libs/catalog/src/a.ts', code: `import '@app/subscriptions';` },
  { rule: 'one-way-subscriptions', file: 'libs/subscriptions/src/a.ts', code: `import '@app/entitlements';` },
  { rule: 'one-way-entitlements', file: 'libs/entitlements/src/a.ts', code: `import '@app/metering';` },
  { rule: 'one-way-metering', file: 'libs/metering/src/a.ts', code: `import '@app/auth';` },
  { rule: 'one-way-deliveries', file: 'libs/deliveries/src/a.ts', code: `import '@app/webhooks';` },
  { rule: 'one-way-webhooks', file: 'libs/webhooks/src/a.ts', code: `import '@app/notifications';` },
  { rule: 'one-way-notifications', file: 'libs/notifications/src/a.ts', code: `import '@app/auth';` },
  { rule: 'one-way-auth', file: 'libs/auth/src/a.ts', code: `import '@app/accounts';` },
  { rule: 'one-way-billing', file: 'libs/billing/src/a.ts', code: `import '@app/webhooks';` },
  { rule: 'one-way-stripe', file: 'libs/stripe/src/a.ts', code: `import '@app/catalog';` },
  { rule: 'one-way-documents', file: 'libs/documents/src/a.ts', code: `import '@app/stripe';` },
  { rule: 'one-way-accounts', file: 'libs/accounts/src/a.ts', code: `import '../../unlisted/src/index.js';` },
  { rule: 'import-libs-by-index', file: 'libs/users/src/a.ts', code: `import '../../platform/src/inner.js';` },
  { rule: 'libs-import-no-app', file: 'libs/users/src/a.ts', code: `import '../../../apps/api/src/main.js';` },
  { rule: 'apps-import-no-app', file: 'apps/worker/src/a.ts', code: `import '../../api/src/main.js';` },
  {
    rule: 'worker-module-in-main-only',
    file: 'apps/api/src/a.ts',
    code: `import '../../worker/src/worker.module.js';`,
  },
  { rule: 'clients-import-no-server', file: 'clients/typescript/src/a.ts', code: `import '@app/kernel';` },
  {
    rule: 'clients-import-no-server',
    file: 'clients/typescript/src/a.ts',
    code: `import '../../../apps/api/src/main.js';`,
  },
  { rule: 'server-imports-no-client', file: 'libs/users/src/a.ts', code: `import '@tollgate/client';` },
  { rule: 'server-imports-no-client', file: 'apps/api/src/a.ts', code: `import '@tollgate/client';` },
  { rule: 'server-imports-no-client', file: 'migrations/a.ts', code: `import '@tollgate/client';` },
  { rule: 'pages-import-no-server', file: 'apps/admin/src/a.ts', code: `import '@app/kernel';` },
  { rule: 'pages-import-no-server', file: 'apps/portal/src/a.ts', code: `import '@app/catalog';` },
  { rule: 'client-packages', file: 'clients/typescript/src/a.ts', code: `import 'pg';` },
  {
    rule: 'pure-domain',
    file: 'libs/users/src/domain/a.ts',
    code: `import { inner } from '@app/platform';\nexport const x = inner;`,
  },
  {
    rule: 'pure-domain-deriving',
    file: 'libs/billing/src/domain/a.ts',
    code: `import { inner } from '@app/metering';\nexport const x = inner;`,
  },
  { rule: 'pure-kernel', file: 'libs/kernel/src/a.ts', code: `import 'pg';` },
  { rule: 'typeorm-in-repositories-only', file: 'libs/users/src/a.service.ts', code: `import 'typeorm';` },
  { rule: 'stripe-in-its-lib-only', file: 'libs/billing/src/a.ts', code: `import 'stripe';` },
  { rule: 'openid-client-in-one-file', file: 'libs/auth/src/a.ts', code: `import 'openid-client';` },
  { rule: 'controllers-call-services', file: 'apps/api/src/a.controller.ts', code: `import './a.repository.js';` },
  { rule: 'migrations-import-nothing', file: 'migrations/a.ts', code: `import '@app/kernel';` },
  { rule: 'no-cycles', file: 'libs/users/src/a.ts', code: `import './b.js';` },
  { rule: 'no-dev-packages', file: 'libs/users/src/a.ts', code: `import 'fast-check';` },
  { rule: 'resolvable', file: 'libs/users/src/a.ts', code: `import './nowhere.js';` },
];

const CODE_BREACHES: Breach[] = [
  {
    rule: '@typescript-eslint/no-explicit-any',
    file: 'libs/users/src/a.ts',
    code: 'export const a = (b: any): void => void b;',
  },
  {
    rule: '@typescript-eslint/no-floating-promises',
    file: 'libs/users/src/a.ts',
    code: 'Promise.resolve(1);\nexport {};',
  },
  {
    rule: '@typescript-eslint/consistent-type-imports',
    file: 'libs/users/src/a.ts',
    code: `import { Server } from 'node:net';\nexport const a = (b: Server): void => b.unref() as unknown as void;`,
  },
  { rule: '@typescript-eslint/no-unused-vars', file: 'libs/users/src/a.ts', code: 'const a = 1;\nexport {};' },
  {
    rule: '@typescript-eslint/switch-exhaustiveness-check',
    file: 'libs/users/src/a.ts',
    code: `export function a(b: 'x' | 'y'): void {\n  switch (b) {\n    case 'x':\n      return;\n  }\n}`,
  },
  { rule: 'eqeqeq', file: 'libs/users/src/a.ts', code: 'export const a = (b: number): boolean => b == 1;' },
  { rule: 'no-console', file: 'libs/users/src/a.ts', code: `console.log('x');\nexport {};` },
  { rule: 'max-lines', file: 'libs/users/src/a.ts', code: 'export const a = [\n' + '  1,\n'.repeat(320) + '];' },
  {
    rule: 'max-lines-per-function',
    file: 'libs/users/src/a.ts',
    code: `export function a(): number {\n  let b = 0;\n${'  b += 1;\n'.repeat(70)}  return b;\n}`,
  },
  {
    rule: 'project/few-parameters',
    file: 'libs/users/src/a.ts',
    code: 'export const a = (b: 1, c: 1, d: 1, e: 1, f: 1, g: 1): number => b + c + d + e + f + g;',
  },
  { rule: 'project/file-name', file: 'libs/users/src/helpers.ts', code: 'export const a = 1;' },
  { rule: 'project/file-name', file: 'libs/users/src/TwoWords.ts', code: 'export const a = 1;' },
  { rule: 'project/todo-with-issue', file: 'libs/users/src/a.ts', code: '// TODO later\nexport const a = 1;' },
  {
    rule: 'project/visibility-by-scope',
    file: 'libs/users/src/a.ts',
    code: `interface UserPrincipal {\n  customerId: string;\n}\nexport const a = (b: UserPrincipal): string => b.customerId;`,
  },
  {
    rule: 'project/visibility-by-scope',
    file: 'libs/users/src/a.ts',
    code: `interface UserPrincipal {\n  role: string;\n}\nexport const a = ({ role }: UserPrincipal | { kind: 'b'; role: '' }): string => role;`,
  },
  {
    rule: 'project/visibility-by-scope',
    file: 'libs/users/src/a.ts',
    code: `class AccessScope {\n  b = 1;\n}\nexport const a = new AccessScope();`,
  },
  { rule: 'no-restricted-syntax', file: 'libs/users/src/a.ts', code: 'export default 1;' },
  {
    rule: 'no-restricted-syntax',
    file: 'libs/users/src/a.ts',
    code: `import { forwardRef } from '@nestjs/common';\nexport const a = forwardRef(() => Object);`,
  },
  { rule: 'no-restricted-syntax', file: 'libs/users/src/a.ts', code: 'export const a = new Date();' },
  { rule: 'no-restricted-syntax', file: 'libs/users/src/a.ts', code: 'export const a = Date.now();' },
  { rule: 'no-restricted-syntax', file: 'libs/users/src/a.ts', code: `export const a = parseFloat('1.5');` },
  {
    rule: 'no-restricted-syntax',
    file: 'libs/users/src/domain/a.ts',
    code: 'export const a = async (): Promise<void> => undefined;',
  },
  {
    rule: 'no-restricted-syntax',
    file: 'apps/api/src/a.controller.ts',
    code: 'export function a(b: boolean): number {\n  if (b) return 1;\n  return 2;\n}',
  },
];

describe('architecture lint', () => {
  let project: string;
  const write = (file: string, code: string): void => {
    fs.mkdirSync(path.dirname(path.join(project, file)), { recursive: true });
    fs.writeFileSync(path.join(project, file), `${code}\n`);
  };
  const run = (program: string, flags: string[]): string => {
    try {
      return execFileSync(process.execPath, [path.join(root, 'node_modules', program), ...flags], {
        cwd: project,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        maxBuffer: 1e8,
      });
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  };
  /** Each broken import rule with its file. All breaches are in one tree, each in a separate file. */
  const findBrokenImports = (): [string, string][] => {
    const report = JSON.parse(
      run('dependency-cruiser/bin/dependency-cruise.mjs', [
        '--config',
        '.dependency-cruiser.cjs',
        '-T',
        'json',
        'apps',
        'libs',
        'clients',
        'migrations',
      ]),
    );
    return report.summary.violations.map(({ from, rule }: { from: string; rule: { name: string } }) => [
      from,
      rule.name,
    ]);
  };
  const numbered = (breaches: Breach[]): Breach[] =>
    breaches.map((breach, index) => ({
      ...breach,
      file: breach.file.replace(/(\/|^)a(\.[a-z.]+)?\.ts$/, `$1a${index}$2.ts`),
    }));
  const importBreaches = numbered(IMPORT_BREACHES);

  beforeAll(() => {
    project = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-rules-'));
    for (const file of ['.dependency-cruiser.cjs', 'eslint.config.mjs', 'tsconfig.json', 'package.json'])
      fs.copyFileSync(path.join(root, file), path.join(project, file));
    fs.cpSync(path.join(root, 'scripts'), path.join(project, 'scripts'), { recursive: true });
    fs.symlinkSync(path.join(root, 'node_modules'), path.join(project, 'node_modules'));
    for (const lib of LIBS) write(`libs/${lib}/src/index.ts`, 'export const inner = 1;');
    // Accounts is on top: only a lib that the table of imports does not list is forbidden to it.
    write('libs/unlisted/src/index.ts', 'export const inner = 1;');
    write('clients/typescript/src/index.ts', `import 'openapi-fetch';`);
    fs.copyFileSync(
      path.join(root, 'clients/typescript/package.json'),
      path.join(project, 'clients/typescript/package.json'),
    );
    write('libs/platform/src/inner.ts', 'export const inner = 1;');
    write('apps/api/src/main.ts', `import '../../worker/src/worker.module.js';\nimport '@app/metering';`);
    write('apps/worker/src/worker.module.ts', `import '@app/subscriptions';`);
    write('apps/api/src/a.repository.ts', 'export const a = 1;');
    write('migrations/index.ts', 'export const a = 1;');
  });
  afterAll(() => fs.rmSync(project, { recursive: true, force: true }));

  it('passes for a tree without breaches', () => {
    expect(findBrokenImports()).toEqual([]);
  }, 30_000);

  it('has a seeded breach for every import rule', () => {
    expect([...new Set(IMPORT_BREACHES.map(({ rule }) => rule))].sort()).toEqual(
      forbidden.map(({ name }) => name).sort(),
    );
  });

  it('fails for every seeded import', () => {
    for (const { file, code } of importBreaches) write(file, code);
    const cycle = importBreaches.find(({ rule }) => rule === 'no-cycles')!.file;
    write('libs/users/src/b.ts', `import './${path.basename(cycle, '.ts')}.js';`);
    const broken = findBrokenImports();
    for (const { rule, file } of importBreaches) expect(broken).toContainEqual([file, rule]);
    for (const { file } of importBreaches) fs.rmSync(path.join(project, file));
    fs.rmSync(path.join(project, 'libs/users/src/b.ts'));
  }, 30_000);

  it('fails for every seeded line of code', () => {
    const breaches = numbered(CODE_BREACHES);
    for (const { file, code } of breaches) write(file, code);
    const report = JSON.parse(run('eslint/bin/eslint.js', ['--format', 'json', '.'])) as {
      filePath: string;
      messages: { ruleId: string }[];
    }[];
    const found = new Map(
      report.map(({ filePath, messages }) => [
        path.relative(fs.realpathSync(project), filePath),
        messages.map(({ ruleId }) => ruleId),
      ]),
    );
    for (const { rule, file } of breaches)
      expect([file, found.get(file)]).toEqual([file, expect.arrayContaining([rule])]);
  }, 60_000);
});
