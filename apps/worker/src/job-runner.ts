import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Metrics } from '@app/platform';

/** How long the end of the process waits for rounds that are under way, in milliseconds. What is not done by then, others do. */
const GRACE_MS = 5_000;

/** Runs the rounds of jobs: what fails is told and counted, and left to the next round; no round begins once the process is stopping. */
@Injectable()
export class JobRunner implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Jobs');
  private readonly underWay = new Set<Promise<unknown>>();
  private stopping = false;

  constructor(private readonly metrics: Metrics) {}

  /** @returns null when it failed, or was not begun */
  async run<T>(job: string, work: () => Promise<T>): Promise<T | null> {
    if (this.stopping) return null;
    const round = work().catch((error: unknown) => this.failed(job, error));
    this.underWay.add(round);
    return round.finally(() => this.underWay.delete(round));
  }

  /** A round of many steps, as long as each says that there is more. */
  async repeat(job: string, step: () => Promise<boolean>): Promise<void> {
    await this.run(job, async () => {
      while (!this.stopping && (await step()));
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([Promise.all(this.underWay), new Promise((resolve) => (timer = setTimeout(resolve, GRACE_MS)))]);
    clearTimeout(timer);
  }

  private failed(job: string, error: unknown): null {
    // What the end of the process cuts short is no failure.
    if (this.stopping) return null;
    this.metrics.jobFailures.inc({ job });
    this.logger.error({
      message: `A round of "${job}" failed, the next goes on from there`,
      error: error instanceof Error ? error.message : String(error),
    });
    return null;
  }
}
