import { ensureInstalled } from './install.mjs';

/** Installs missing packages and builds changed sources. Import it first, or by `node --import ./scripts/ready.mjs`. */
ensureInstalled();
const { ensureBuilt } = await import('./build.mjs');
await ensureBuilt();
