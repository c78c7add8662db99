import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ProductsService } from '@app/catalog';

const MOST_PRODUCTS = 20;

/** Has the pages that everybody asks for first in the cache, and the way to them compiled, before the first request comes. */
export async function warmUp(app: NestFastifyApplication): Promise<void> {
  const { data } = await app.get(ProductsService).list({ limit: MOST_PRODUCTS, after: null });
  for (const { key } of data) await app.inject({ method: 'GET', url: `/v1/plans?product=${key}` });
}
