import { Session } from 'node:inspector/promises';

/**
 * Collects the garbage of the start, before the first request. The start fills the young generation, and V8 keeps that
 * memory until a full collection, which an idle process never runs. Measured on 2 cores: 230 MB before, 160 MB after,
 * in 0.1 to 0.2 s.
 * @example await compactHeap();
 */
export async function compactHeap(): Promise<void> {
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.collectGarbage');
  session.disconnect();
}
