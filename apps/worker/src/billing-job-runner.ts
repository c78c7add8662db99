import { Injectable } from '@nestjs/common';
import { BillingActivity } from '@app/billing';
import { JobRunner } from './job-runner.js';

/** Runs jobs of billing. They do nothing in an installation that does not use billing. */
@Injectable()
export class BillingJobRunner {
  constructor(
    private readonly activity: BillingActivity,
    private readonly jobs: JobRunner,
  ) {}

  /** Repeats a step while it returns true. */
  async repeat(job: string, step: () => Promise<boolean>): Promise<void> {
    await this.jobs.repeat(job, async () => (await this.activity.isUsed()) && step());
  }
}
