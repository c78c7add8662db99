import type { Idempotency, IdempotentRequest } from '@app/platform';

/** An answer, and whether an earlier request with the same Idempotency-Key got it. */
export interface OnceAnswer<T> {
  answer: T;
  replayed: boolean;
}

/**
 * Runs a command once for a request with an Idempotency-Key, and each time for one without. For a command with a part
 * outside of the transaction of its answer; dates of a replayed answer are texts.
 * @param request see `idempotentRequestOf`
 */
export async function runOnce<T>(
  idempotency: Idempotency,
  request: IdempotentRequest | undefined,
  command: () => Promise<T>,
): Promise<OnceAnswer<T>> {
  if (!request) return { answer: await command(), replayed: false };
  const { body, replayed } = await idempotency.run(request, async () => ({ status: 200, body: await command() }));
  return { answer: body as T, replayed };
}
