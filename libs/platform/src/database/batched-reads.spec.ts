import { describe, expect, it } from '@jest/globals';
import { BatchedReads } from './batched-reads.js';
import type { Database } from './database.js';
import type { PipelinedDatabase, Statement } from './pipelined-database.js';

interface Row {
  text: string;
}

/** Reads of numbers: the rows of 2 are `2a` and `2b`. The fakes stand for both ways to the database. */
function readsOf({ inTransaction = false, maxBatch = 256 } = {}) {
  const sent: { by: string; numbers: number[] }[] = [];
  const answer = (by: string, numbers: number[]): Promise<(Row & { n: number })[]> => {
    sent.push({ by, numbers });
    return Promise.resolve(
      numbers.flatMap((number, index) =>
        ['a', 'b'].slice(0, number).map((letter) => ({ text: `${number}${letter}`, n: index + 1 })),
      ),
    );
  };
  const database = {
    inTransaction,
    query: (_: string, [numbers]: [number[]]) => answer('transaction', numbers),
  } as unknown as Database;
  const pipeline = {
    read: (_: Statement, [numbers]: [number[]]) => answer('pool', numbers),
  } as unknown as PipelinedDatabase;
  const reads = new BatchedReads<number, Row>(database, pipeline, {
    name: 'numbers',
    text: 'select',
    parameters: (numbers) => [numbers],
    nameOf: String,
    maxBatch,
  });
  return { reads, sent };
}

describe('BatchedReads', () => {
  it('reads concurrent requests with one statement, equal ones once, and gives each its rows in order', async () => {
    const { reads, sent } = readsOf();
    const answers = await Promise.all([2, 0, 1, 2].map((number) => reads.read(number)));
    expect(answers.map((rows) => rows.map(({ text }) => text))).toEqual([['2a', '2b'], [], ['1a'], ['2a', '2b']]);
    expect(sent).toEqual([{ by: 'pool', numbers: [2, 0, 1] }]);
  });

  it('reads at most maxBatch requests with one statement', async () => {
    const { reads, sent } = readsOf({ maxBatch: 2 });
    await Promise.all([1, 2, 3].map((number) => reads.read(number)));
    expect(sent.map(({ numbers }) => numbers)).toEqual([[1, 2], [3]]);
  });

  it('reads inside of a transaction on its connection', async () => {
    const { reads, sent } = readsOf({ inTransaction: true });
    expect(await reads.read(1)).toMatchObject([{ text: '1a' }]);
    expect(sent).toEqual([{ by: 'transaction', numbers: [1] }]);
  });
});
