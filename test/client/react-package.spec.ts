import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { install, npm, registryIsThere } from '../support/registry.js';

const root = path.resolve(import.meta.dirname, '../..');
const runFile = promisify(execFile);
const withRegistry = registryIsThere() ? describe : describe.skip;

interface Rendered {
  version: string;
  known: string;
  german: string;
  loading: string;
}

withRegistry('the package of the React components', () => {
  const projects = new Map<number, string>();
  const render = async (major: number): Promise<Rendered> => {
    const { stdout } = await runFile(process.execPath, ['render.mjs'], { cwd: projects.get(major) });
    return JSON.parse(stdout) as Rendered;
  };

  beforeAll(() => {
    const packed = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-react-'));
    projects.set(0, packed);
    for (const name of ['typescript', 'react'])
      npm(['pack', '--pack-destination', packed], path.join(root, 'clients', name));
    const tarballs = fs.readdirSync(packed).map((name) => path.join(packed, name));
    for (const major of [18, 19]) {
      const project = fs.mkdtempSync(path.join(os.tmpdir(), `tollgate-react-${major}-`));
      projects.set(major, project);
      fs.cpSync(path.join(import.meta.dirname, 'react-consumer'), project, { recursive: true });
      fs.writeFileSync(path.join(project, 'package.json'), '{ "private": true, "type": "module" }');
      install(project, ...tarballs, `react@${major}`, `react-dom@${major}`, `@types/react@${major}`);
    }
  }, 300_000);
  afterAll(() => {
    for (const project of projects.values()) fs.rmSync(project, { recursive: true, force: true });
  });

  it.each([18, 19])('renders on a server with React %i', async (major) => {
    const { version, known, german, loading } = await render(major);
    expect(version).toMatch(new RegExp(`^${major}\\.`));
    expect(known).toContain('aria-valuenow="40"');
    expect(known).toContain('1,200 of 3,000');
    expect(known).toContain('class="tollgate-usage"');
    expect(known).toMatch(/upgrade.*has calls.*denied/s);
    expect(german).toContain('1.200 von 3.000');
    expect(german).not.toContain('class=');
    expect(loading).toContain('Loading');
    expect(loading).toContain('wait');
    expect(loading).not.toMatch(/has calls|export|open/);
  });

  it('shows names as text, never as markup', async () => {
    const { known } = await render(19);
    expect(known).toContain('&lt;b&gt;Calls&lt;/b&gt;');
    expect(known).not.toContain('<b>');
  });

  it.each([18, 19])(
    'compiles with the types of React %i',
    async (major) => {
      const project = projects.get(major)!;
      const compilerOptions = {
        noEmit: true,
        strict: true,
        jsx: 'react-jsx',
        module: 'nodenext',
        moduleResolution: 'nodenext',
        target: 'es2022',
        lib: ['es2023', 'dom'],
        types: [],
        skipLibCheck: false,
      };
      fs.writeFileSync(path.join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['page.tsx'] }));
      const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
      const errors = await runFile(process.execPath, [tsc, '-p', project]).then(
        () => '',
        (error: Error & { stdout: string }) => error.stdout || error.message,
      );
      expect(errors).toBe('');
    },
    120_000,
  );

  it('brings the style sheet, its license and its documentation', () => {
    const folder = path.join(projects.get(19)!, 'node_modules/@tollgate/react');
    for (const file of ['dist/styles.css', 'LICENSE', 'README.md'])
      expect(fs.existsSync(path.join(folder, file))).toBe(true);
  });
});
