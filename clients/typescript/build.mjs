import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';

/** Builds dist/esm and dist/cjs, each with its types: the same sources, compiled twice by tsc. */
const folder = import.meta.dirname;
const tsc = path.join(folder, '../../node_modules/typescript/bin/tsc');
fs.rmSync(path.join(folder, 'dist'), { recursive: true, force: true });
for (const project of ['tsconfig.json', 'tsconfig.cjs.json'])
  execFileSync(process.execPath, [tsc, '-p', project], { cwd: folder, stdio: 'inherit' });
// The package is ESM; this file marks the .js and .d.ts files beside it as CommonJS, for Node and for TypeScript.
fs.writeFileSync(path.join(folder, 'dist/cjs/package.json'), '{ "type": "commonjs" }\n');
