import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Metrics } from '@app/platform';

/** Time that shutdown waits for running jobs, in milliseconds. Another worker does the rest. */
const GRACE_MS = 5_000;

/** Runs jobs. A failure is logged and counted, and the next run retries; no run starts during shutdown. */
@Injectable()
export class JobRunner implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Jobs');
  private readonly running = new Set<Promise<unknown>>();
  private stopping = false;

  constructor(private readonly metrics: Metrics) {}

  /** Runs a job once. @returns null when it failed or did not start */
  async run<T>(job: string, work: () => Promise<T>): Promise<T | null> {
    if (this.stopping) return null;
    const run = work().catch((error: unknown) => this.failed(job, error));
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
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([Promise.all(this.running), new Promise((resolve) => (timer = setTimeout(resolve, GRACE_MS)))]);
    clearTimeout(timer);
  }

  private failed(job: string, error: unknown): null {
    // An error during shutdown is no failure.
    if (this.stopping) return null;
    this.metrics.jobFailures.inc({ job });
    this.logger.error({
      message: `Job "${job}" failed; retrying on its next run`,
      error: error instanceof Error ? error.message : String(error),
    });
    return null;
  }
}
