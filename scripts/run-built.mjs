import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import './ready.mjs';

/** Runs a program of the build: `node scripts/run-built.mjs apps/worker/src/rotate-keys`. What runs is not built anew beneath itself: only what has changed is. */
await import(pathToFileURL(path.resolve(import.meta.dirname, '..', 'dist', `${process.argv[2]}.js`)).href);
