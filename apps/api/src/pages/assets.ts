import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { type Encoding, encodingOf } from '../http/compression/compression.js';

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.woff2': 'font/woff2',
};
/** The build compresses text beside each file. */
const SUFFIXES: Record<Encoding, string> = { br: '.br', gzip: '.gz' };
/** No separator and no leading dot: a name leads to no other folder. */
const NAME = /^\w[\w-]*(\.[\w-]+)+$/;

interface Asset {
  body: Buffer;
  encoding?: Encoding;
}

/** Serves the files of a build. Their names contain a hash of their content, so that browsers keep them. */
export function addAssets(server: FastifyInstance, prefix: string, folder: string): void {
  server.get<{ Params: { '*': string } }>(`${prefix}/*`, async ({ params: { '*': name }, headers }, reply) => {
    const type = TYPES[path.extname(name)];
    const asset = type && NAME.test(name) ? await read(path.join(folder, name), headers['accept-encoding']) : null;
    if (!asset) return reply.callNotFound();
    if (asset.encoding) void reply.header('content-encoding', asset.encoding);
    return reply
      .headers({
        'content-type': type,
        'cache-control': 'public, max-age=31536000, immutable',
        vary: 'accept-encoding',
      })
      .send(asset.body);
  });
}

async function read(file: string, accepted: string | undefined): Promise<Asset | null> {
  const encoding = encodingOf(accepted);
  const packed = encoding && (await contentOf(file + SUFFIXES[encoding]));
  if (packed) return { body: packed, encoding };
  const body = await contentOf(file);
  return body && { body };
}

const contentOf = (file: string): Promise<Buffer | null> =>
  fs.readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
