import { Injectable, Logger } from '@nestjs/common';
import { Metrics } from '@app/platform';

/** Runs the rounds of jobs: what fails is told and counted, and left to the next round. */
@Injectable()
export class JobRunner {
  private readonly logger = new Logger('Jobs');

  constructor(private readonly metrics: Metrics) {}

  /** @returns null when it failed */
  async run<T>(job: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      this.metrics.jobFailures.inc({ job });
      this.logger.error({ message: `A round of "${job}" failed, the next goes on from there`, error: error instanceof Error ? error.message : String(error) });
      return null;
    }
  }
}
