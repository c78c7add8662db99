import { createHash, timingSafeEqual } from 'node:crypto';
import type { Config } from '../config/config.js';

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Whoever has METRICS_TOKEN, which needs no database to be checked: numbers are wanted most when it is away. Without one, anybody
 * outside production and nobody in it.
 */
export function mayReadMetrics({ metricsToken, production }: Config, authorization = ''): boolean {
  if (metricsToken === null) return !production;
  return timingSafeEqual(digestOf(authorization), digestOf(`Bearer ${metricsToken}`));
}
