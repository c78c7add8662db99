import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { build } from 'vite';

/** Builds dist/: one module for browsers and servers, its types, and the style sheet. */
const folder = import.meta.dirname;
const dist = path.join(folder, 'dist');
const EXTERNAL = [/^react($|\/)/, /^@tanstack\//, 'openapi-fetch'];

await build({
  configFile: false,
  root: folder,
  logLevel: 'warn',
  build: {
    lib: { entry: path.join(folder, 'src/index.ts'), formats: ['es'], fileName: 'index' },
    outDir: dist,
    emptyOutDir: true,
    minify: false,
    // The components keep state: frameworks with server components need the directive.
    rolldownOptions: { external: EXTERNAL, output: { banner: "'use client';" } },
  },
});

const tsc = path.join(folder, '../../node_modules/typescript/bin/tsc');
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.json'], { cwd: folder, stdio: 'inherit' });
// Node's resolution needs the extensions, which the sources leave out.
for (const file of fs.readdirSync(dist).filter((name) => name.endsWith('.d.ts'))) {
  const at = path.join(dist, file);
  fs.writeFileSync(at, fs.readFileSync(at, 'utf8').replace(/(from '\.\/[\w-]+)'/g, "$1.js'"));
}
fs.copyFileSync(path.join(folder, 'styles.css'), path.join(dist, 'styles.css'));
