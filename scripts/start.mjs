process.setSourceMapsEnabled(true);
try {
  await import('./ready.mjs');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
await import('../dist/apps/api/src/main.js');
