import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { isRetryable } from './database-errors.js';

const MAX_ATTEMPTS = 3;

/**
 * The one way to the database. A command opens one transaction; everything that it calls joins it,
 * because the running transaction travels with the asynchronous call, not by hand.
 */
@Injectable()
export class Database {
  private readonly running = new AsyncLocalStorage<EntityManager>();

  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in one transaction, or in the one already running. It commits when `work` returns and rolls back when it throws.
   * A transaction that lost a deadlock or a serialisation race is run again as a whole, at most three times.
   */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    if (this.running.getStore()) return work();
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.dataSource.transaction((manager) => this.running.run(manager, work));
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !isRetryable(error)) throw error;
      }
    }
  }

  /** Runs `work` in a transaction of its own even inside another one: what it writes stays when that one rolls back. */
  separately<T>(work: () => Promise<T>): Promise<T> {
    return this.running.exit(() => this.transaction(work));
  }

  /** True inside a transaction. */
  get inTransaction(): boolean {
    return this.running.getStore() !== undefined;
  }

  /** The manager of the running transaction, else one that reads from the pool. */
  get manager(): EntityManager {
    return this.running.getStore() ?? this.dataSource.manager;
  }

  /** The manager of the running transaction. @throws Error outside one: nothing is written by accident outside a command. */
  get writer(): EntityManager {
    const manager = this.running.getStore();
    if (!manager) throw new Error('A write needs a transaction.');
    return manager;
  }

  /** Reads rows; inside a transaction it reads what that transaction sees. */
  query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.manager.query<Row[]>(sql, parameters);
  }

  /** Writes and gives back the rows that the statement returns. @throws Error outside a transaction. */
  async write<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const result: unknown = await this.writer.query(sql, parameters);
    return (isRowsAndCount(result) ? result[0] : result) as Row[];
  }
}

/** TypeORM answers `[rows, count]` for UPDATE and DELETE and plain rows for the rest. */
function isRowsAndCount(result: unknown): result is [unknown[], number] {
  return Array.isArray(result) && result.length === 2 && Array.isArray(result[0]) && typeof result[1] === 'number';
}
