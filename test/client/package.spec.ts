import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { install, nodeOf, npm, registryIsThere } from '../support/registry.js';

const root = path.resolve(import.meta.dirname, '../..');
const runFile = promisify(execFile);
const withRegistry = registryIsThere() ? describe : describe.skip;

/** Majors of Node that the package promises to run on, with the one that runs the tests. */
const NODES = [...new Set([Number(process.versions.node.split('.')[0]), 22, 24])];
const FORMATS = ['calls-esm.mjs', 'calls-cjs.cjs'];
const GUARD_FORMATS = ['guard-esm.mjs', 'guard-cjs.cjs'];

const decision = (customer: string) => ({
  allowed: customer !== 'denied',
  reason: customer === 'denied' ? 'feature_not_in_plan' : null,
  customer,
  feature: 'calls',
  type: 'metered',
  requested: 1,
  used: 2,
  remaining: 3,
  source: null,
  asOf: '2027-01-01T00:00:00.000Z',
});

/** A service whose first attempt of each consume fails: the client has to retry it with the same key. */
function startStub(): Promise<http.Server> {
  const keys = new Set<string>();
  const server = http.createServer((request, response) => {
    const respond = (status: number, body: object): void => {
      const type = status < 400 ? 'application/json' : 'application/problem+json';
      response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
    };
    let text = '';
    request.on('data', (data) => (text += String(data)));
    request.on('end', () => {
      if (request.headers.authorization !== 'Bearer tg_test') return respond(401, { code: 'invalid_credentials' });
      if (request.url === '/v1/customers/acme/entitlements') return respond(200, { data: [decision('acme')] });
      const { customer } = JSON.parse(text) as { customer: string };
      if (customer === 'unknown') return respond(404, { code: 'customer_not_found', detail: 'Customer not found.' });
      if (request.url === '/v1/check') return respond(200, decision(customer));
      const key = String(request.headers['idempotency-key']);
      if (keys.has(key)) return respond(200, decision(customer));
      keys.add(key);
      respond(503, { code: 'database_unavailable', detail: 'The database does not respond.' });
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

withRegistry('the package of the TypeScript client', () => {
  let project: string;
  let stub: http.Server;

  const run = async (node: string, script: string): Promise<object> => {
    const url = `http://127.0.0.1:${(stub.address() as AddressInfo).port}`;
    const { stdout } = await runFile(node, [script], { cwd: project, env: { TOLLGATE_URL: url } });
    return JSON.parse(stdout);
  };
  /** Output of tsc for files of the project: empty if they compile. */
  const typeErrors = async (files: string[], compilerOptions: object): Promise<string> => {
    const base = { noEmit: true, strict: true, target: 'es2022', lib: ['es2023'], types: ['node'] };
    fs.writeFileSync(
      path.join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...base, ...compilerOptions }, files }),
    );
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
    return runFile(process.execPath, [tsc, '-p', project]).then(
      () => '',
      (error: Error & { stdout: string }) => error.stdout || error.message,
    );
  };
  /** Gives the project a package of the repository: it was installed already. */
  const link = (name: string): void => {
    const target = path.join(project, 'node_modules', name);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.symlinkSync(path.join(root, 'node_modules', name), target);
  };
  const linkNest = (): void => ['@nestjs/common', '@nestjs/core'].filter((name) => !isInstalled(name)).forEach(link);
  const isInstalled = (name: string): boolean => fs.existsSync(path.join(project, 'node_modules', name));

  beforeAll(async () => {
    project = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-consumer-'));
    fs.cpSync(path.join(import.meta.dirname, 'consumer'), project, { recursive: true });
    // The same sources as CommonJS, and as a file for a bundler.
    for (const name of ['calls', 'guard'])
      for (const extension of ['.cts', '.ts'])
        fs.copyFileSync(path.join(project, `${name}.mts`), path.join(project, name + extension));
    fs.writeFileSync(path.join(project, 'package.json'), '{ "private": true }');
    npm(['pack', '--pack-destination', project], path.join(root, 'clients/typescript'));
    const tarball = fs.readdirSync(project).find((name) => name.endsWith('.tgz'))!;
    install(project, path.join(project, tarball));
    link('@types/node');
    for (const major of NODES) nodeOf(major);
    stub = await startStub();
  }, 300_000);
  afterAll(async () => {
    await new Promise((resolve) => stub.close(resolve));
    fs.rmSync(project, { recursive: true, force: true });
  });

  it('installs the client with its license and documentation, and without Nest', () => {
    const folder = path.join(project, 'node_modules/@tollgate/client');
    expect(fs.readdirSync(folder).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json']);
    expect(isInstalled('@nestjs')).toBe(false);
  });

  it.each(NODES.flatMap((major) => FORMATS.map((script): [number, string] => [major, script])))(
    'the packed client calls the service, retries and reports errors on Node %s with %s',
    async (major, script) => {
      expect(await run(nodeOf(major), script)).toEqual({
        remaining: 3,
        used: 2,
        code: 'customer_not_found',
        entitlements: 1,
        fallback: { allowed: false, reason: 'unavailable' },
      });
    },
  );

  it.each(NODES.flatMap((major) => GUARD_FORMATS.map((script): [number, string] => [major, script])))(
    'the packed Nest guard admits and rejects requests on Node %s with %s',
    async (major, script) => {
      linkNest();
      expect(await run(nodeOf(major), script)).toEqual({ acme: 200, denied: 403, none: 401 });
    },
  );

  it.each([
    // Checks the .d.ts files of the package too.
    [
      'node16',
      ['calls.mts', 'calls.cts'],
      { module: 'node16', lib: ['es2023', 'dom'], types: [], skipLibCheck: false },
    ],
    ['nodenext', ['calls.mts', 'calls.cts'], { module: 'nodenext', skipLibCheck: true }],
    ['bundler', ['calls.ts'], { module: 'esnext', moduleResolution: 'bundler', skipLibCheck: true }],
  ])(
    'the packed types compile in a consumer with moduleResolution %s',
    async (_, files, options) => expect(await typeErrors(files, options)).toBe(''),
    120_000,
  );

  it('the packed types of the Nest guard compile in ESM and CommonJS', async () => {
    linkNest();
    const options = {
      module: 'nodenext',
      skipLibCheck: true,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    };
    expect(await typeErrors(['guard.mts', 'guard.cts'], options)).toBe('');
  }, 120_000);
});
