import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build } from 'vite';

/** `node scripts/build-page.mjs admin`: builds a page app into dist/pages, with compressed copies of its assets. */
const root = path.resolve(import.meta.dirname, '..');
const TEXT = /\.(js|css|svg|json|txt)$/;
const HIGHEST = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };

// React's development build would be taken otherwise, for example in a run of the tests.
process.env.NODE_ENV = 'production';
const name = process.argv[2];
await build({ configFile: path.join(root, 'apps', name, 'vite.config.mjs'), logLevel: 'warn' });

const assets = path.join(root, 'dist', 'pages', name, 'assets');
const files = (await fs.readdir(assets)).filter((file) => TEXT.test(file)).map((file) => path.join(assets, file));
await Promise.all(
  files.map(async (file) => {
    const content = await fs.readFile(file);
    await fs.writeFile(`${file}.br`, await promisify(brotliCompress)(content, HIGHEST));
    await fs.writeFile(`${file}.gz`, await promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION }));
  }),
);
