import { ensureInstalled } from './install.mjs';

process.setSourceMapsEnabled(true);
try {
  ensureInstalled();
  const { ensureBuilt } = await import('./build.mjs');
  ensureBuilt();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
await import('../dist/apps/api/src/main.js');
