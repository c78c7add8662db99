import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify';
import { DomainError } from '@app/kernel';
import { packageFolder } from '../package-folder.js';
import { addAssets } from './assets.js';
import { newNonce, NONCE_MARK, PAGE_APPS, type PageApp, pageHeaders } from './page-policy.js';

/**
 * Serves the console at /admin and the portal at /portal. Their hooks belong to these routes: no route of the API runs
 * them.
 */
export function addPages(server: FastifyInstance, builds = packageFolder('dist', 'pages')): void {
  server.get('/', (_request, reply) => reply.redirect('/admin'));
  for (const page of PAGE_APPS) {
    const folder = path.join(builds, page.name);
    addAssets(server, `/${page.name}/assets`, path.join(folder, 'assets'));
    addDocument(server, page, path.join(folder, 'index.html'));
  }
}

function addDocument(server: FastifyInstance, page: PageApp, file: string): void {
  const options: RouteShorthandOptions = {
    onSend: (_request, reply, answer, done) => done(null, withNonce(page, reply, answer)),
  };
  const document = async (_request: FastifyRequest, reply: FastifyReply): Promise<string> => {
    void reply.type('text/html; charset=utf-8');
    return fs.readFile(file, 'utf8').catch(notBuilt);
  };
  // Every other path is a screen of the page, which has its own router.
  server.get(`/${page.name}`, options, document);
  server.get(`/${page.name}/*`, options, document);
}

/** The document with a new nonce, and its headers. Problems are sent as they are. */
function withNonce(page: PageApp, reply: FastifyReply, answer: unknown): unknown {
  if (reply.statusCode !== 200) return answer;
  const nonce = newNonce();
  void reply.headers(pageHeaders(page, nonce));
  return typeof answer === 'string' ? answer.replaceAll(NONCE_MARK, nonce) : answer;
}

function notBuilt(error: NodeJS.ErrnoException): never {
  if (error.code !== 'ENOENT') throw error;
  throw new DomainError('not_found', 'not_found', 'The pages are not built: run `npm run build`.');
}
