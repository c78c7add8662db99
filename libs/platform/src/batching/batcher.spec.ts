import { describe, expect, it } from '@jest/globals';
import { Batcher, type BatcherOptions, type Outcome } from './batcher.js';

/** A batcher whose flushes end when the test ends them. */
function manualBatcher(options: Partial<BatcherOptions> = {}) {
  const groups: { items: number[]; end: (outcomes?: Outcome<number>[]) => void; fail: (error: Error) => void }[] = [];
  const batcher = new Batcher<number, number>(
    (items) =>
      new Promise((resolve, reject) =>
        groups.push({
          items,
          end: (outcomes) => resolve(outcomes ?? items.map((item) => ({ answer: item * 10 }))),
          fail: reject,
        }),
      ),
    { maxBatch: 100, maxQueued: 1_000, ...options },
  );
  return { batcher, groups };
}
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('Batcher', () => {
  it('flushes a lone item immediately, and groups items that arrive during a flush', async () => {
    const { batcher, groups } = manualBatcher();
    const first = batcher.add(1);
    await nextTurn();
    const others = [batcher.add(2), batcher.add(3), batcher.add(4)];
    await nextTurn();
    expect(groups.map(({ items }) => items)).toEqual([[1]]);
    groups[0]!.end();
    expect(await first).toBe(10);
    await nextTurn();
    expect(groups.map(({ items }) => items)).toEqual([[1], [2, 3, 4]]);
    groups[1]!.end();
    expect(await Promise.all(others)).toEqual([20, 30, 40]);
  });

  it('starts the flush of the next group before it gives the answers of this one', async () => {
    const { batcher, groups } = manualBatcher();
    let flushesAtAnswer = 0;
    const first = batcher.add(1).then(() => (flushesAtAnswer = groups.length));
    await nextTurn();
    const second = batcher.add(2);
    groups[0]!.end();
    await first;
    expect(flushesAtAnswer).toBe(2);
    groups[1]!.end();
    expect(await second).toBe(20);
  });

  it('flushes at most maxBatch items together, and every item in the end', async () => {
    const { batcher, groups } = manualBatcher({ maxBatch: 2 });
    const all = Promise.all([1, 2, 3, 4, 5].map((item) => batcher.add(item)));
    for (const size of [2, 2, 1]) {
      await nextTurn();
      expect(groups.at(-1)!.items).toHaveLength(size);
      groups.at(-1)!.end();
    }
    expect(await all).toEqual([10, 20, 30, 40, 50]);
  });

  it('rejects items beyond maxQueued, and accepts them again when the queue shrinks', async () => {
    const { batcher, groups } = manualBatcher({ maxBatch: 1, maxQueued: 2 });
    const first = batcher.add(1);
    await nextTurn();
    const waiting = [batcher.add(2), batcher.add(3)];
    await expect(batcher.add(4)).rejects.toMatchObject({
      code: 'overloaded',
      kind: 'unavailable',
      details: { retryAfterSeconds: 1 },
    });
    groups[0]!.end();
    await first;
    await nextTurn();
    const late = batcher.add(5);
    for (const index of [1, 2, 3]) {
      groups[index]!.end();
      await nextTurn();
    }
    expect(await Promise.all([...waiting, late])).toEqual([20, 30, 50]);
  });

  it('gives each item its own outcome, a promised one too', async () => {
    const { batcher, groups } = manualBatcher();
    const [good, bad, promised] = [batcher.add(1), batcher.add(2), batcher.add(3)];
    await nextTurn();
    groups[0]!.end([{ answer: 1 }, { error: new Error('bad') }, { answer: Promise.resolve(3) }]);
    expect(await good).toBe(1);
    await expect(bad).rejects.toThrow('bad');
    expect(await promised).toBe(3);
  });

  it('rejects every item of a group whose flush fails, and continues', async () => {
    const { batcher, groups } = manualBatcher();
    const lost = Promise.allSettled([batcher.add(1), batcher.add(2)]);
    await nextTurn();
    groups[0]!.fail(new Error('down'));
    expect((await lost).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const next = batcher.add(3);
    await nextTurn();
    groups[1]!.end();
    expect(await next).toBe(30);
  });

  it('has drained when the queue is empty and no flush runs', async () => {
    const { batcher, groups } = manualBatcher();
    await batcher.drained();
    const answer = batcher.add(1);
    let drained = false;
    const waiting = batcher.drained().then(() => (drained = true));
    await nextTurn();
    expect(drained).toBe(false);
    groups[0]!.end();
    await waiting;
    expect(await answer).toBe(10);
  });
});
