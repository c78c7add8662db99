import { Batcher } from '../batching/batcher.js';
import type { Database } from './database.js';
import type { PipelinedDatabase, Statement } from './pipelined-database.js';

/**
 * A statement that reads the rows of many requests: `from unnest($1::uuid[]) with ordinality w (id, n) ...`. The column
 * `n` is the position of the request among the parameters. It stays in the rows: removing it would make them slow.
 */
export interface BatchedStatement<Request> extends Statement {
  /** Array parameters, one item of each for each request. */
  parameters: (requests: Request[]) => unknown[];
  /** Equal requests have one name, and are read once. */
  nameOf: (request: Request) => string;
  /** Maximum number of requests in one statement: fewer where each may have many rows. */
  maxBatch?: number;
}

const CONCURRENCY = 2;
const MAX_BATCH = 256;
const MAX_QUEUED = 10_000;

/**
 * Reads by a prepared statement that concurrent callers share: calls that arrive while one runs wait for the next.
 * Inside a transaction a call reads alone, on the connection of the transaction.
 * @example
 * const byId = new BatchedReads<string, PlanRow>(database, pipeline, {
 *   name: 'plans by id',
 *   text: `select p.*, w.n::integer as n from unnest($1::uuid[]) with ordinality w (id, n) join plans p using (id)`,
 *   parameters: (ids) => [arrayLiteral(ids)],
 *   nameOf: (id) => id,
 * });
 * const [plan] = await byId.read(id);
 */
export class BatchedReads<Request, Row extends object> {
  private readonly batcher: Batcher<Request, Row[]>;

  constructor(
    private readonly database: Database,
    private readonly pipeline: PipelinedDatabase,
    private readonly statement: BatchedStatement<Request>,
  ) {
    const { maxBatch = MAX_BATCH } = statement;
    this.batcher = new Batcher((requests) => this.readAll(requests), {
      maxBatch,
      maxQueued: MAX_QUEUED,
      concurrency: CONCURRENCY,
    });
  }

  /** The rows of one request. Callers share them: they must not be changed. @throws DomainError `overloaded` */
  read(request: Request): Promise<Row[]> {
    return this.database.inTransaction
      ? this.database.query<Row>(this.statement.text, this.statement.parameters([request]))
      : this.batcher.add(request);
  }

  private async readAll(requests: Request[]): Promise<{ answer: Row[] }[]> {
    const { parameters, nameOf } = this.statement;
    const distinct = new Map<string, { request: Request; rows: Row[] }>();
    const answers = requests.map((request) => {
      const name = nameOf(request);
      const known = distinct.get(name) ?? { request, rows: [] };
      distinct.set(name, known);
      return { answer: known.rows };
    });
    const groups = [...distinct.values()];
    const rows = await this.pipeline.read<Row & { n: number }>(
      this.statement,
      parameters(groups.map(({ request }) => request)),
    );
    for (const row of rows) groups[row.n - 1]!.rows.push(row);
    return answers;
  }
}
