import { ensureInstalled } from './install.mjs';

/** Imported first, or by `node --import ./scripts/ready.mjs PROGRAM`: what is missing is installed, and what has changed is built, before the program is loaded. */
ensureInstalled();
const { ensureBuilt } = await import('./build.mjs');
ensureBuilt();
