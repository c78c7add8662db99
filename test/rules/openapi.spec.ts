import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = path.resolve(import.meta.dirname, '../..');

/** A document without a finding. */
const sound = () => ({
  openapi: '3.1.0',
  info: {
    title: 'Sound',
    version: '1',
    description: 'A document without a finding.',
    contact: { name: 'Tollgate' },
    license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
  },
  servers: [{ url: '/' }],
  tags: [{ name: 'Plans', description: 'Plans.' }],
  paths: {
    '/plans/{key}': {
      get: {
        operationId: 'getPlan',
        summary: 'Get a plan',
        description: 'Returns the published version.',
        tags: ['Plans'],
        security: [],
        parameters: [{ name: 'key', in: 'path', required: true, schema: { type: 'string', enum: ['free', 'pro'] } }],
        responses: { '200': { description: 'The plan.' }, '404': { description: 'There is no such plan.' } },
      },
    },
  } as Record<string, { get: Record<string, unknown> }>,
});
type Sound = ReturnType<typeof sound>;

const operationOf = ({ paths }: Sound) => paths['/plans/{key}']!.get;

/** Changes of the sound document, and the findings that they must cause. */
const BREACHES: { findings: string[]; breach: (document: Sound) => void }[] = [
  {
    findings: ['redocly error no-identical-paths', 'spectral path-params'],
    breach: ({ paths }) =>
      (paths['/plans/{plan}'] = {
        get: {
          ...operationOf(sound()),
          operationId: 'other',
          parameters: [{ name: 'plan', in: 'path', required: true, schema: { type: 'string' } }],
        },
      }),
  },
  { findings: ['redocly error security-defined'], breach: (document) => delete operationOf(document)['security'] },
  {
    findings: ['redocly error no-empty-servers', 'spectral oas3-api-servers'],
    breach: (document) => delete (document as Partial<Sound>).servers,
  },
  { findings: ['spectral operation-tag-defined'], breach: ({ tags }) => tags.pop() },
  { findings: ['spectral operation-description'], breach: (document) => delete operationOf(document)['description'] },
  {
    findings: ['redocly warn operation-4xx-response'],
    breach: (document) => (operationOf(document)['responses'] = { '200': { description: 'The plan.' } }),
  },
];

describe('the lint of the OpenAPI document', () => {
  let folder: string;
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-openapi-'));
  });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  const lint = (document: object): { status: number | null; output: string } => {
    const file = path.join(folder, 'openapi.json');
    fs.writeFileSync(file, JSON.stringify(document));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(root, 'scripts/lint-openapi.mjs'), file],
      { encoding: 'utf8' },
    );
    return { status, output: stdout + stderr };
  };

  it('accepts a document without a finding', () => {
    expect(lint(sound())).toEqual({ status: 0, output: expect.stringContaining(': 0 errors and warnings') });
  });

  it.each(BREACHES)('refuses a document with $findings.0, also when it is only a warning', ({ findings, breach }) => {
    const document = sound();
    breach(document);
    const { status, output } = lint(document);
    expect(status).toBe(1);
    for (const finding of findings) expect(output).toContain(finding);
  });
});
