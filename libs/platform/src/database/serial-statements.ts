import type { QueryRunner } from 'typeorm';

/** Statements with which TypeORM ends a transaction. */
const ENDS = new Set(['COMMIT', 'ROLLBACK']);

/**
 * Sends the statements of one transaction one after another: the driver supports no others on a connection. After the
 * end it refuses further statements. A branch of a failed `Promise.all` would otherwise write after the ROLLBACK, and
 * PostgreSQL would commit that write alone.
 * @example
 * const statements = new SerialStatements(manager.queryRunner!);
 * await work().finally(() => statements.end());
 */
export class SerialStatements {
  private pending = 0;
  private last: Promise<void> = Promise.resolve();
  private hasEnded = false;

  /** Replaces `query` of the runner. */
  constructor(runner: QueryRunner) {
    const query = runner.query.bind(runner) as (...statement: unknown[]) => Promise<unknown>;
    runner.query = ((sql: string, ...rest: unknown[]) => {
      const send = async (): Promise<unknown> => {
        if (this.hasEnded && !ENDS.has(sql)) throw new Error(`The transaction has ended. It refuses: ${sql}`);
        return query(sql, ...rest);
      };
      return this.enqueue(send);
    }) as QueryRunner['query'];
  }

  /** Waits for the statement that runs, and refuses all others from now on, except the end of the transaction. */
  end(): Promise<void> {
    this.hasEnded = true;
    return this.last;
  }

  private enqueue(send: () => Promise<unknown>): Promise<unknown> {
    const answer = this.pending++ === 0 ? send() : this.last.then(send);
    const settle = (): void => void this.pending--;
    this.last = answer.then(settle, settle);
    return answer;
  }
}
