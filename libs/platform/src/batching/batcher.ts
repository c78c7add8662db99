import { DomainError } from '@app/kernel';

/** What became of one item: its answer, now or promised by somebody else, or why there is none. */
export type Outcome<Answer> = { answer: Answer | Promise<Answer> } | { error: unknown };

export interface BatcherOptions {
  /** Items in one flush, at most. */
  maxBatch: number;
  /** Items that may wait; beyond it an item is refused. */
  maxQueued: number;
  /** Flushes under way at once. */
  concurrency?: number;
  /** Is told of each group as it begins: how many, and how long the first of them has waited, in milliseconds. */
  onFlush?: (size: number, waitedMs: number) => void;
}

const OVERLOAD_RETRY_SECONDS = 1;

/**
 * Groups what arrives while the last group is under way. There is no timer: what comes alone goes alone, and the busier it is
 * the larger the groups become. Every item gets its answer once its own group is done.
 */
export class Batcher<Item, Answer> {
  private queue: {
    item: Item;
    resolve: (answer: Answer | Promise<Answer>) => void;
    reject: (error: unknown) => void;
    since: number;
  }[] = [];
  private readonly drainWaiters: (() => void)[] = [];
  private flushing = 0;
  private scheduled = false;

  /** @param flush answers a group, one outcome for each item in its order. When it throws, each item of the group gets that error. */
  constructor(
    private readonly flush: (items: Item[]) => Promise<Outcome<Answer>[]>,
    private readonly options: BatcherOptions,
  ) {}

  /** @throws DomainError `overloaded` when too many wait already. */
  add(item: Item): Promise<Answer> {
    if (this.queue.length >= this.options.maxQueued) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      this.queue.push({ item, resolve, reject, since: performance.now() });
      this.schedule();
    });
  }

  /** Gives up on everything that still waits. */
  rejectQueued(error: unknown): void {
    for (const { reject } of this.queue.splice(0)) reject(error);
  }

  /** Resolves when nothing waits and nothing is under way. */
  async drained(): Promise<void> {
    if (this.flushing > 0 || this.queue.length > 0) await new Promise<void>((resolve) => this.drainWaiters.push(resolve));
  }

  /** Starts after the requests that arrived together with this one have been read too. */
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
    try {
      const outcomes = await this.flush(group.map(({ item }) => item));
      group.forEach(({ resolve, reject }, index) => {
        const outcome = outcomes[index]!;
        if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.answer);
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    } finally {
      this.flushing--;
      if (this.queue.length > 0) this.schedule();
      else if (this.flushing === 0) this.drainWaiters.splice(0).forEach((done) => done());
    }
  }
}

function overloaded(): DomainError {
  return new DomainError('unavailable', 'overloaded', 'Too many requests wait already; try again.', {
    retryAfterSeconds: OVERLOAD_RETRY_SECONDS,
  });
}
