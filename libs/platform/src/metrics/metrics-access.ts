import { createHash, timingSafeEqual } from 'node:crypto';
import type { Config } from '../config/config.js';

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * True for a request with METRICS_TOKEN. The check needs no database, because metrics matter most when it is down.
 * Without METRICS_TOKEN, metrics are open outside production and closed in production.
 */
export function mayReadMetrics({ metricsToken, production }: Config, authorization = ''): boolean {
  if (metricsToken === null) return !production;
  return timingSafeEqual(digestOf(authorization), digestOf(`Bearer ${metricsToken}`));
}
