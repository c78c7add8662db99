import * as fs from 'node:fs';
import * as path from 'node:path';
import { ensureBuilt } from './build.mjs';

const FILE = path.resolve(import.meta.dirname, '..', 'dist', 'openapi.json');

/**
 * Writes the OpenAPI document of the built service to dist/openapi.json, once per build. Needs no database: the
 * application is only read, not started.
 * @returns the path of the document
 */
export async function ensureDocument() {
  await ensureBuilt();
  if (fs.existsSync(FILE)) return FILE;
  const { NestFactory } = await import('@nestjs/core');
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  const { AppModule } = await import('../dist/apps/api/src/app.module.js');
  const { openApiDocument } = await import('../dist/apps/api/src/openapi/document.js');
  const { Config } = await import('../dist/libs/platform/src/index.js');
  const app = await NestFactory.create(AppModule.forRoot(new Config({})), new FastifyAdapter(), {
    preview: true,
    logger: ['error'],
    abortOnError: false,
  });
  // Renamed when complete: processes that run side by side never read a part.
  const part = `${FILE}.${process.pid}`;
  fs.writeFileSync(part, JSON.stringify(openApiDocument(app), null, 1));
  fs.renameSync(part, FILE);
  return FILE;
}
