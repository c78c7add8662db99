import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import './ready.mjs';

/** Runs a built program after a build if needed: `node scripts/run-built.mjs apps/worker/src/rotate-keys`. */
await import(pathToFileURL(path.resolve(import.meta.dirname, '..', 'dist', `${process.argv[2]}.js`)).href);
