import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Paths of long responses that are the same for every caller; the framework would rebuild them per request. */
const PATHS = ['/openapi.json', '/openapi.yaml', '/docs/swagger-ui-init.js'];
const MAX_AGE_SECONDS = 300;

interface Page {
  type: string;
  etag: string;
  plain: Buffer;
  packed: Buffer;
}

/** Responses rendered once at startup, so that repeated requests cost no CPU. */
export class PreparedPages {
  private readonly pages = new Map<string, Page>();

  async prepare(app: NestFastifyApplication): Promise<void> {
    for (const url of PATHS) {
      const { statusCode, headers, rawPayload } = await app.inject({ method: 'GET', url });
      if (statusCode !== 200) throw new Error(`${url} answers ${statusCode}.`);
      const etag = `"${createHash('sha256').update(rawPayload).digest('base64url').slice(0, 22)}"`;
      this.pages.set(url, {
        type: String(headers['content-type']),
        etag,
        plain: rawPayload,
        packed: await promisify(gzip)(rawPayload),
      });
    }
  }

  /** @returns false when the path is not one of them */
  answer(request: FastifyRequest, reply: FastifyReply): boolean {
    const page = request.method === 'GET' ? this.pages.get(request.url) : undefined;
    if (!page) return false;
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
    return true;
  }
}
