import * as path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const API = process.env.API_URL ?? 'http://127.0.0.1:3000';

/**
 * Build of a page app, served under `base`. Style elements get the nonce that the server writes into the document.
 * @returns configuration for Vite
 */
export const pageConfig = (folder, base) => ({
  root: folder,
  base,
  resolve: {
    alias: {
      '@tollgate/web': path.join(root, 'clients/web/src/index.ts'),
      '@tollgate/react': path.join(root, 'clients/react/src/index.ts'),
    },
  },
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    outDir: path.join(root, 'dist/pages', path.basename(folder)),
    emptyOutDir: true,
    target: 'es2022',
    // The policy allows no `data:` addresses but for images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
    // Packages mark modules for server rendering, which a page has no use for.
    rolldownOptions: { onLog: (level, log, report) => log.code !== 'MODULE_LEVEL_DIRECTIVE' && report(level, log) },
  },
  server: { proxy: { '/v1': API } },
});
