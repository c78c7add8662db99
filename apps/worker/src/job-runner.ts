import { type BeforeApplicationShutdown, Injectable, Logger, Optional } from '@nestjs/common';
import { JobProblems, Metrics } from '@app/platform';

/** Time that shutdown waits for running jobs, in milliseconds. Another worker does the rest. */
const GRACE_MS = 5_000;

/** No job runs before `released` resolves. */
export class JobsHold {
  constructor(readonly released: Promise<void> = Promise.resolve()) {}
}

/** Runs jobs. A failure is logged and counted, and the next run retries; no run starts during shutdown. */
@Injectable()
export class JobRunner implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Jobs');
  private readonly running = new Set<Promise<unknown>>();
  /** Jobs whose last run here succeeded, and is noted. */
  private readonly healthy = new Set<string>();
  private stopping = false;
  private stop: () => void = () => undefined;
  private readonly released: Promise<unknown>;

  constructor(
    private readonly metrics: Metrics,
    private readonly problems: JobProblems,
    @Optional() hold: JobsHold = new JobsHold(),
  ) {
    const stopped = new Promise<void>((resolve) => (this.stop = resolve));
    this.released = Promise.race([hold.released, stopped]);
  }

  /** Runs a job once. @returns null when it failed or did not start */
  async run<T>(job: string, work: () => Promise<T>): Promise<T | null> {
    await this.released;
    if (this.stopping) return null;
    const run = work().then(
      async (result) => {
        await this.succeeded(job);
        return result;
      },
      (error: unknown) => this.failed(job, error),
    );
    this.running.add(run);
    return run.finally(() => this.running.delete(run));
  }

  /** Repeats a step while it returns true. */
  async repeat(job: string, step: () => Promise<boolean>): Promise<void> {
    await this.run(job, async () => {
      while (!this.stopping && (await step()));
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    this.stop();
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([Promise.all(this.running), new Promise((resolve) => (timer = setTimeout(resolve, GRACE_MS)))]);
    clearTimeout(timer);
  }

  /** Notes the result of a check that a job has made. */
  async checked(job: string, differences: number): Promise<void> {
    await this.noted(this.problems.checked(job, differences));
  }

  private async succeeded(job: string): Promise<void> {
    if (this.healthy.has(job) || this.stopping) return;
    if (await this.noted(this.problems.succeeded(job))) this.healthy.add(job);
  }

  /** @returns false when the note was not stored: the next run stores it */
  private noted(note: Promise<void>): Promise<boolean> {
    return note.then(
      () => true,
      (error: unknown) => {
        this.logger.debug(`Failed to note the state of a job: ${String(error)}`);
        return false;
      },
    );
  }

  private async failed(job: string, error: unknown): Promise<null> {
    // An error during shutdown is no failure.
    if (this.stopping) return null;
    const detail = error instanceof Error ? error.message : String(error);
    this.healthy.delete(job);
    this.metrics.jobFailures.inc({ job });
    this.logger.error({
      message: `Job "${job}" failed; retrying on its next run`,
      error: detail,
    });
    await this.noted(this.problems.failed(job, detail));
    return null;
  }
}
