import { ensureInstalled } from './install.mjs';

// What runs is not built anew beneath itself: only what has changed is.
ensureInstalled();
const { ensureBuilt } = await import('./build.mjs');
ensureBuilt();
await import('../dist/apps/worker/src/rotate-keys.js');
