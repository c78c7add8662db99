import { Injectable } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { BillingActivityRepository } from './billing-activity.repository.js';

/** How long an installation without billing is taken for one. Milliseconds. */
const RECHECK_MS = 1_000;

/** Whether billing is in use: the jobs of an installation without it send one statement a second, all together. */
@Injectable()
export class BillingActivity {
  private used: Promise<boolean> = Promise.resolve(false);
  private checkedAt = 0;

  constructor(
    private readonly activity: BillingActivityRepository,
    private readonly clock: Clock,
  ) {}

  /** True once billing was used; it stays true for this process. @example if (await activity.isUsed()) await run(); */
  async isUsed(): Promise<boolean> {
    if (await this.used.catch(() => false)) return true;
    const now = this.clock.now().getTime();
    if (now - this.checkedAt >= RECHECK_MS) {
      this.checkedAt = now;
      this.used = this.activity.isUsed();
    }
    return this.used;
  }
}
