import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Config } from '../config/config.js';
import { transactionLimitsSql } from './connection-options.js';
import { isRetryable } from './database-errors.js';

const MAX_ATTEMPTS = 3;
const DELETE_BATCH = 1_000;

interface RunningTransaction {
  manager: EntityManager;
  afterCommit: (() => void)[];
}

/**
 * The one way to the database. A command opens one transaction; everything that it calls joins it,
 * because the running transaction travels with the asynchronous call, not by hand.
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
   * Runs `work` in one transaction, or in the one already running. It commits when `work` returns and rolls back when it throws.
   * A transaction that lost a deadlock or a serialisation race is run again as a whole, at most three times.
   */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    if (this.context.getStore()) return work();
    for (let attempt = 1; ; attempt++) {
      try {
        const afterCommit: (() => void)[] = [];
        const result = await this.withContextTracking(() =>
          this.dataSource.transaction((manager) =>
            this.context.run({ manager, afterCommit }, () => this.withLimits(manager, work)),
          ),
        );
        afterCommit.forEach((then) => then());
        return result;
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !isRetryable(error)) throw error;
      }
    }
  }

  /** Behind a pooler each transaction sets its own limits. */
  private async withLimits<T>(manager: EntityManager, work: () => Promise<T>): Promise<T> {
    if (this.limits) await manager.query(this.limits);
    return work();
  }

  /** Runs `work` in a transaction of its own even inside another one: what it writes stays when that one rolls back. */
  inSeparateTransaction<T>(work: () => Promise<T>): Promise<T> {
    return this.context.exit(() => this.transaction(work));
  }

  /** Does something in this process once the running transaction has committed; nothing that must not be lost. */
  afterCommit(then: () => void): void {
    this.context.getStore()?.afterCommit.push(then);
  }

  /** True inside a transaction. */
  get inTransaction(): boolean {
    return this.context.getStore() !== undefined;
  }

  /**
   * Following asynchronous calls costs every promise of the process, on Node before 24 a tenth of what a short request takes:
   * so it is switched off while no transaction runs.
   */
  private async withContextTracking<T>(work: () => Promise<T>): Promise<T> {
    this.transactions++;
    try {
      return await work();
    } finally {
      if (--this.transactions === 0) this.context.disable();
    }
  }

  /** The manager of the running transaction, else one that reads from the pool. */
  get manager(): EntityManager {
    return this.context.getStore()?.manager ?? this.dataSource.manager;
  }

  /** The manager of the running transaction. @throws Error outside one: nothing is written by accident outside a command. */
  get writer(): EntityManager {
    const manager = this.context.getStore()?.manager;
    if (!manager) throw new Error('A write needs a transaction.');
    return manager;
  }

  /** Reads rows; inside a transaction it reads what that transaction sees. */
  query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.manager.query<Row[]>(sql, parameters);
  }

  /**
   * Deletes a batch of what is over, passing by what somebody else holds. Needs a transaction.
   * @param key the columns of its primary key
   * @param over what is over, and in which order it goes: a condition with its parameters, and `order by`
   * @returns how many rows went
   */
  async deleteBatch(table: string, key: string, over: string, parameters: unknown[]): Promise<number> {
    const rows = await this.write(
      `delete from ${table} where (${key}) in (select ${key} from ${table} where ${over} limit ${DELETE_BATCH} for update skip locked) returning 1`,
      parameters,
    );
    return rows.length;
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
