import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ProductsService } from '@app/catalog';

const MAX_PRODUCTS = 20;
/** Of a network that is nobody's (RFC 5737): what is asked here counts against no caller's limit. */
const NOBODY = '192.0.2.1';

/** Has the pages that everybody asks for first in the cache, and the way to them compiled, before the first request comes. */
export async function warmUp(app: NestFastifyApplication): Promise<void> {
  const { data } = await app.get(ProductsService).list({ limit: MAX_PRODUCTS, after: null });
  for (const { key } of data)
    await app.inject({ method: 'GET', url: `/v1/plans?product=${key}`, remoteAddress: NOBODY });
}
