import { execFileSync } from 'node:child_process';
import * as path from 'node:path';
import { ensureDocument } from './openapi-document.mjs';

/** Generates the client's types, clients/typescript/src/schema.ts, from the OpenAPI document of the built service. */
const root = path.resolve(import.meta.dirname, '..');
execFileSync(
  process.execPath,
  [
    'node_modules/openapi-typescript/bin/cli.js',
    await ensureDocument(),
    // A field with a default may be left out of a request.
    '--default-non-nullable=false',
    '-o',
    'clients/typescript/src/schema.ts',
  ],
  { cwd: root, stdio: 'inherit' },
);
