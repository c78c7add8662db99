import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { CatalogReader } from '@app/catalog';
import { Clock } from '@app/kernel';
import { Metrics, STALENESS_MS } from '@app/platform';
import { scopeOf } from '../access/current-principal.decorator.js';
import { compressed, type Encoding, encodingOf, WORTH_COMPRESSING_BYTES } from '../compression/compression.js';
import { sameEtag } from '../etag/etag.interceptor.js';
import { pickFields } from '../pagination/fields.js';
import { JSON_TYPE, type RouteRequest } from '../routes/route.js';
import { REFRESH_MS, type SharedPage, SharedPages } from './shared-pages.js';

/** Bounds the memory: callers choose the URLs that are cached. */
const MAX_BYTES = 16 * 1_048_576;
/** Memory of an entry beside its body. */
const ENTRY_BYTES = 500;

/** A response as bytes. */
interface Page {
  etag: string;
  body: Buffer;
  /** Filled by the first request of each encoding. */
  compressed: Map<Encoding, Buffer>;
  /** Revision of the catalogue on this instance before the read. */
  revision: number;
  /** Start of the read, in ms of the monotonic clock. */
  readAt: number;
  isRefreshing: boolean;
}

/** The body of a response; undefined for status 304. */
type Body = Buffer | undefined;

/** How a route answers without a page. */
export interface PageSource {
  /** Returns the answer as an object. Only the URL and `scope.catalogView` of the caller may decide its content. */
  read: () => unknown;
  /** Member of the answer that is its ETag; undefined: a weak ETag from the bytes. */
  version: string | undefined;
}

/**
 * Responses of the catalogue as bytes, for every caller: serialized once for each URL and each kind of caller. A page
 * is at most 2 s old, and a write on this instance invalidates all of them immediately.
 */
@Injectable()
export class CatalogPages {
  private readonly pages = new LRUCache<string, Page>({
    maxSize: MAX_BYTES,
    // Twice the body: room for its compressed forms.
    sizeCalculation: ({ body }, key) => ENTRY_BYTES + key.length + 2 * body.length,
  });
  private readonly hit;
  private readonly miss;

  constructor(
    private readonly reader: CatalogReader,
    private readonly shared: SharedPages,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    this.hit = metrics.cacheReads.labels('pages', 'hit');
    this.miss = metrics.cacheReads.labels('pages', 'miss');
  }

  /**
   * Answers a read of the catalogue, after the access of the caller was checked. A hit returns without a promise.
   * @returns the body, or undefined with status 304
   * @throws DomainError those of `source.read`, and `invalid_fields`
   * @example const body = pages.serve(request, reply, { read: () => this.list(query), version: undefined });
   */
  serve(request: FastifyRequest, reply: FastifyReply, source: PageSource): Body | Promise<Body> {
    const { catalogView } = scopeOf(request as RouteRequest);
    const key = `${catalogView} ${request.url}`;
    const page = this.peek(key);
    return page ? respond(page, request, reply) : this.load(key, request, reply, source);
  }

  /** The page, unless it is too old or from before a change. Null for one caller when it is about to expire. */
  private peek(key: string): Page | null {
    const page = this.pages.get(key);
    if (!page || page.revision !== this.reader.revision) return null;
    const age = performance.now() - page.readAt;
    if (age >= STALENESS_MS) return null;
    if (age >= REFRESH_MS && !page.isRefreshing) {
      page.isRefreshing = true;
      return null;
    }
    this.hit.inc();
    return page;
  }

  private async load(key: string, request: FastifyRequest, reply: FastifyReply, source: PageSource): Promise<Body> {
    const { revision } = this.reader;
    const readAt = performance.now();
    const now = this.clock.now().getTime();
    // Drafts and private plans do not leave this process.
    const isPublic = !scopeOf(request as RouteRequest).wholeCatalog;
    const found = isPublic ? await this.shared.get(key, now) : null;
    (found ? this.hit : this.miss).inc();
    const { etag, body: text } = found ?? (await pageFrom(source, request, reply));
    if (isPublic && !found) this.shared.set(key, { etag, body: text, readAt: now });
    const body = Buffer.from(text);
    const known = this.pages.get(key);
    const page: Page = {
      etag,
      body,
      compressed: known?.body.equals(body) ? known.compressed : new Map<Encoding, Buffer>(),
      revision,
      readAt: found ? readAt - Math.max(0, now - found.readAt) : readAt,
      isRefreshing: false,
    };
    this.pages.set(key, page);
    return respond(page, request, reply);
  }
}

async function pageFrom(
  { read, version }: PageSource,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Pick<SharedPage, 'etag' | 'body'>> {
  const answer = await read();
  const body = reply.serialize(pickFields(request, reply, answer)) as string;
  const etag =
    version === undefined
      ? `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
      : `"${String((answer as Record<string, unknown>)[version])}"`;
  return { etag, body };
}

function respond(page: Page, request: FastifyRequest, reply: FastifyReply): Body {
  const { headers } = request;
  void reply.header('etag', page.etag);
  if (sameEtag(headers['if-none-match'], page.etag)) {
    void reply.status(304);
    return undefined;
  }
  void reply.header('content-type', JSON_TYPE);
  const encoding = page.body.length < WORTH_COMPRESSING_BYTES ? undefined : encodingOf(headers['accept-encoding']);
  if (!encoding) return page.body;
  void reply.header('content-encoding', encoding).header('vary', 'accept-encoding');
  let packed = page.compressed.get(encoding);
  if (!packed) page.compressed.set(encoding, (packed = compressed(page.body, encoding)));
  return packed;
}
