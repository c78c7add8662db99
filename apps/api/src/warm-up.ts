import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ProductsService } from '@app/catalog';

const MAX_PRODUCTS = 20;
/** A documentation address (RFC 5737): warm-up requests count against no caller's limit. */
const WARM_UP_ADDRESS = '192.0.2.1';

/** Fills the cache with the lists of plans and compiles their code path, before the service listens. */
export async function warmUp(app: NestFastifyApplication): Promise<void> {
  const { data } = await app.get(ProductsService).list({ limit: MAX_PRODUCTS, after: null });
  for (const { key } of data)
    await app.inject({ method: 'GET', url: `/v1/plans?product=${key}`, remoteAddress: WARM_UP_ADDRESS });
}
