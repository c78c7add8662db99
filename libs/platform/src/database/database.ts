import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Config } from '../config/config.js';
import { transactionLimitsSql } from './connection-options.js';
import { isRetryable } from './database-errors.js';
import { SerialStatements } from './serial-statements.js';

const MAX_ATTEMPTS = 3;
const DELETE_BATCH = 1_000;

interface RunningTransaction {
  manager: EntityManager;
  afterCommit: (() => void)[];
}

/**
 * Access to the database for commands. A command opens one transaction, and everything that it calls joins it: the
 * transaction travels with the asynchronous call (AsyncLocalStorage), not as a parameter.
 */
@Injectable()
export class Database {
  private readonly context = new AsyncLocalStorage<RunningTransaction>();
  private transactions = 0;
  private readonly limits: string;

  constructor(
    private readonly dataSource: DataSource,
    config: Config,
  ) {
    this.limits = transactionLimitsSql(config);
  }

  /**
   * Runs `work` in a transaction, or in the running one. Commits when `work` returns, rolls back when it throws.
   * After a deadlock or a serialization failure the whole transaction is run again, at most three times.
   * @example
   * await database.transaction(async () => {
   *   const customer = await customers.lock(id);
   *   await grants.insert(grant);
   * });
   */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    if (this.context.getStore()) return work();
    for (let attempt = 1; ; attempt++) {
      try {
        const afterCommit: (() => void)[] = [];
        const result = await this.withContextTracking(() =>
          this.dataSource.transaction((manager) =>
            this.context.run({ manager, afterCommit }, () => this.runStatements(manager, work)),
          ),
        );
        afterCommit.forEach((callback) => callback());
        return result;
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !isRetryable(error)) throw error;
      }
    }
  }

  /** Runs `work`, behind a pooler after setting the timeouts of the transaction. */
  private async runStatements<T>(manager: EntityManager, work: () => Promise<T>): Promise<T> {
    const statements = new SerialStatements(manager.queryRunner!);
    try {
      if (this.limits) await manager.query(this.limits);
      return await work();
    } finally {
      await statements.end();
    }
  }

  /**
   * Runs `work` in a separate transaction, even inside another one: its writes stay when the outer one rolls back.
   * @example await database.inSeparateTransaction(() => sessions.revoke(id)); // stays although the request fails
   */
  inSeparateTransaction<T>(work: () => Promise<T>): Promise<T> {
    return this.context.exit(() => this.transaction(work));
  }

  /**
   * Runs `work` in a savepoint of the running transaction. When it throws, its writes are undone, and the transaction
   * continues. A deadlock or a serialization failure still ends the transaction, which is run again.
   * @returns the error that `work` threw; null when it succeeded
   * @example const error = await database.attempt(() => this.finalize(draft));
   */
  async attempt(work: () => Promise<unknown>): Promise<unknown> {
    await this.writer.query('savepoint attempt');
    try {
      await work();
      await this.writer.query('release savepoint attempt');
      return null;
    } catch (error) {
      if (isRetryable(error)) throw error;
      await this.writer.query('rollback to savepoint attempt');
      return error;
    }
  }

  /**
   * Calls back in this process after the commit. For cache invalidation only: a crash loses it.
   * @example database.afterCommit(() => cache.delete(id));
   */
  afterCommit(callback: () => void): void {
    this.context.getStore()?.afterCommit.push(callback);
  }

  /** True inside a transaction. */
  get inTransaction(): boolean {
    return this.context.getStore() !== undefined;
  }

  /** Identity of the running transaction; null outside one. */
  get runningTransaction(): object | null {
    return this.context.getStore() ?? null;
  }

  /**
   * Disables AsyncLocalStorage while no transaction runs. Tracking slows every promise of the process: on Node before
   * 24 by a tenth of a short request.
   */
  private async withContextTracking<T>(work: () => Promise<T>): Promise<T> {
    this.transactions++;
    try {
      return await work();
    } finally {
      if (--this.transactions === 0) this.context.disable();
    }
  }

  /** Entity manager of the running transaction, or else one that reads from the pool. */
  get manager(): EntityManager {
    return this.context.getStore()?.manager ?? this.dataSource.manager;
  }

  /** Entity manager of the running transaction. @throws Error outside one: no write happens outside a command */
  get writer(): EntityManager {
    const manager = this.context.getStore()?.manager;
    if (!manager) throw new Error('A write needs a transaction.');
    return manager;
  }

  /**
   * Reads rows, inside the running transaction if there is one.
   * @example const [plan] = await database.query<{ id: string }>('select id from plans where key = $1', [key]);
   */
  query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.manager.query<Row[]>(sql, parameters);
  }

  /**
   * Deletes a batch of expired rows, skipping locked ones. Needs a transaction.
   * @param key the columns of the primary key
   * @param expired condition and order of the rows to delete: `created_at < $1 order by created_at`
   * @returns the number of rows deleted, at most 1000
   * @example await database.deleteBatch('sessions', 'id', 'expires_at < $1 order by expires_at', [before]);
   */
  async deleteBatch(table: string, key: string, expired: string, parameters: unknown[]): Promise<number> {
    const rows = await this.write(
      `delete from ${table} where (${key}) in (select ${key} from ${table} where ${expired} limit ${DELETE_BATCH} for update skip locked) returning 1`,
      parameters,
    );
    return rows.length;
  }

  /**
   * Runs a write and returns the rows of its RETURNING clause.
   * @throws Error outside a transaction
   * @example await database.write('update plans set name = $2 where id = $1', [id, name]);
   */
  async write<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const result: unknown = await this.writer.query(sql, parameters);
    return (isRowsAndCount(result) ? result[0] : result) as Row[];
  }
}

/** TypeORM returns `[rows, count]` for UPDATE and DELETE, and plain rows for other statements. */
function isRowsAndCount(result: unknown): result is [unknown[], number] {
  return Array.isArray(result) && result.length === 2 && Array.isArray(result[0]) && typeof result[1] === 'number';
}
