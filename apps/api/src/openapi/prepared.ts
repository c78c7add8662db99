import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Paths of long responses that are the same for every caller; the framework would rebuild them per request. */
const PATHS = new Set(['/openapi.json', '/openapi.yaml', '/docs/swagger-ui-init.js']);
const MAX_AGE_SECONDS = 300;

interface Page {
  type: string;
  etag: string;
  plain: Buffer;
  packed: Buffer;
}

/**
 * Responses rendered at their first request, so that repeated requests cost no CPU. Not at startup: few processes
 * serve them, and they take time and memory.
 */
export class PreparedPages {
  private readonly pages = new Map<string, Page>();
  private readonly rendering = new Set<string>();

  /** @returns false when the framework answers: another path, or a page that is being rendered */
  answer(request: FastifyRequest, reply: FastifyReply): boolean {
    const { method, url } = request;
    if (method !== 'GET' || !PATHS.has(url) || this.rendering.has(url)) return false;
    const page = this.pages.get(url);
    if (page) send(page, request, reply);
    else
      this.render(request.server, url).then(
        (rendered) => send(rendered, request, reply),
        (error: unknown) => void reply.send(error),
      );
    return true;
  }

  private async render(server: FastifyInstance, url: string): Promise<Page> {
    this.rendering.add(url);
    try {
      const { statusCode, headers, rawPayload: plain } = await server.inject({ method: 'GET', url });
      if (statusCode !== 200) throw new Error(`${url} answers ${statusCode}.`);
      const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
      const page = { type: String(headers['content-type']), etag, plain, packed: await promisify(gzip)(plain) };
      this.pages.set(url, page);
      return page;
    } finally {
      this.rendering.delete(url);
    }
  }
}

function send(page: Page, request: FastifyRequest, reply: FastifyReply): void {
  void reply.headers({
    'content-type': page.type,
    etag: page.etag,
    'cache-control': `public, max-age=${MAX_AGE_SECONDS}`,
    vary: 'accept-encoding',
  });
  if (request.headers['if-none-match'] === page.etag) void reply.status(304).send();
  else if (/\bgzip\b/.test(request.headers['accept-encoding'] ?? ''))
    void reply.header('content-encoding', 'gzip').send(page.packed);
  else void reply.send(page.plain);
}
