import { DomainError } from '@app/kernel';

/** Result of one item: its answer, perhaps as a promise, or its error. */
export type Outcome<Answer> = { answer: Answer | Promise<Answer> } | { error: unknown };

export interface BatcherOptions {
  /** Maximum number of items in one flush. */
  maxBatch: number;
  /** Maximum number of queued items; further items are rejected. */
  maxQueued: number;
  /** Number of concurrent flushes; 1 by default. */
  concurrency?: number;
  /** Called when a flush starts: number of items, and queueing time of the first one in milliseconds. */
  onFlush?: (size: number, waitedMs: number) => void;
}

/** An item that waits for its flush. */
interface Queued<Item, Answer> {
  item: Item;
  resolve: (answer: Answer | Promise<Answer>) => void;
  reject: (error: unknown) => void;
  /** By `performance.now()`. */
  since: number;
}

const OVERLOAD_RETRY_SECONDS = 1;

/**
 * Group commit: items that arrive during a flush are queued and flushed together in the next one.
 *
 * There is no batching delay: under low load each item is flushed immediately; under high load groups grow. An item
 * gets its answer when its own group is done.
 *
 * @example
 * const byId = new Batcher<string, Row | null>((ids) => loadAll(ids), { maxBatch: 256, maxQueued: 10_000 });
 * const row = await byId.add(id);
 */
export class Batcher<Item, Answer> {
  private queue: {
    item: Item;
    resolve: (answer: Answer | Promise<Answer>) => void;
    reject: (error: unknown) => void;
    /** `performance.now()`, for `onFlush`. */
    since: number;
  }[] = [];
  private readonly drainWaiters: (() => void)[] = [];
  private flushing = 0;
  private scheduled = false;

  /** @param flush returns one outcome per item, in the same order; when it throws, every item gets the error */
  constructor(
    private readonly flush: (items: Item[]) => Promise<Outcome<Answer>[]>,
    private readonly options: BatcherOptions,
  ) {}

  /** Queues an item. @returns its answer. @throws DomainError `overloaded` when the queue is full */
  add(item: Item): Promise<Answer> {
    if (this.queue.length >= this.options.maxQueued) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      this.queue.push({ item, resolve, reject, since: this.options.onFlush ? performance.now() : 0 });
      this.schedule();
    });
  }

  /** Rejects every queued item. */
  rejectQueued(error: unknown): void {
    for (const { reject } of this.queue.splice(0)) reject(error);
  }

  /** Resolves when the queue is empty and no flush runs. */
  async drained(): Promise<void> {
    if (this.flushing > 0 || this.queue.length > 0)
      await new Promise<void>((resolve) => this.drainWaiters.push(resolve));
  }

  /** Starts a flush in the next event-loop turn, after the requests that arrived in this turn were read. */
  private schedule(): void {
    if (this.scheduled || this.flushing >= (this.options.concurrency ?? 1)) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      void this.run();
    });
  }

  private async run(): Promise<void> {
    const group = this.queue.splice(0, this.options.maxBatch);
    if (group.length === 0) return;
    this.flushing++;
    this.options.onFlush?.(group.length, performance.now() - group[0]!.since);
    const settle = await this.outcomesOf(group);
    this.flushing--;
    if (this.queue.length === 0) {
      settle();
      if (this.flushing === 0) this.drainWaiters.splice(0).forEach((done) => done());
      return;
    }
    // The next group is sent before the answers of this one, so that the database works while they are written.
    if (!this.scheduled) void this.run();
    setImmediate(settle);
  }

  /** Flushes a group. @returns a function that gives each item its outcome */
  private async outcomesOf(group: Queued<Item, Answer>[]): Promise<() => void> {
    try {
      const outcomes = await this.flush(group.map(({ item }) => item));
      return () =>
        group.forEach(({ resolve, reject }, index) => {
          const outcome = outcomes[index]!;
          if ('error' in outcome) reject(outcome.error);
          else resolve(outcome.answer);
        });
    } catch (error) {
      return () => group.forEach(({ reject }) => reject(error));
    }
  }
}

function overloaded(): DomainError {
  return new DomainError('unavailable', 'overloaded', 'Too many requests are queued. Try again after `Retry-After`.', {
    retryAfterSeconds: OVERLOAD_RETRY_SECONDS,
  });
}
