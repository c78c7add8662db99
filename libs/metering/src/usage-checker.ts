import { Injectable } from '@nestjs/common';
import { type Actor, Clock } from '@app/kernel';
import { Database, Events } from '@app/platform';
import { type Mismatch, UsageRepository } from './usage.repository.js';

export interface CheckReport {
  /** Customers looked at. */
  checked: number;
  mismatches: Mismatch[];
  /** Counters set right. */
  rebuilt: number;
  /** Where to go on; null: that was all. */
  after: string | null;
}

const PAGE = 1_000;

/** Proves that every counter is the sum of its ledger, and makes it so where it is not. */
@Injectable()
export class UsageChecker {
  constructor(
    private readonly usage: UsageRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /** Looks at one page of customers, each as it is at one instant: it may run while usage is counted. */
  async check(page: { after: string | null; limit: number; customerId?: string }): Promise<CheckReport> {
    const customers = page.customerId === undefined ? await this.usage.customerPage(page.after, page.limit) : [page.customerId];
    const mismatches = await this.usage.mismatches(customers);
    const more = page.customerId === undefined && customers.length === page.limit;
    return { checked: customers.length, mismatches, rebuilt: 0, after: more ? customers.at(-1)! : null };
  }

  /** The same, and counters that are wrong are set to what their ledger says, under their customer's lock. */
  async rebuild(page: { after: string | null; limit: number; customerId?: string }, actor: Actor): Promise<CheckReport> {
    const report = await this.check(page);
    let rebuilt = 0;
    for (const customerId of new Set(report.mismatches.map((mismatch) => mismatch.customerId))) rebuilt += await this.rebuildCustomer(customerId, actor);
    return { ...report, rebuilt };
  }

  /** Every customer, page by page. @returns how many counters are wrong */
  async checkAll(): Promise<number> {
    let wrong = 0;
    let after: string | null = null;
    do {
      const report: CheckReport = await this.check({ after, limit: PAGE });
      wrong += report.mismatches.length;
      after = report.after;
    } while (after !== null);
    return wrong;
  }

  private rebuildCustomer(customerId: string, actor: Actor): Promise<number> {
    return this.database.transaction(async () => {
      await this.usage.lockForRebuild(customerId);
      const wrong = await this.usage.mismatches([customerId]);
      for (const mismatch of wrong) {
        await this.usage.setCounter(mismatch, this.clock.now());
        const { feature, productId, windowStart, used, reserved, recorded, held } = mismatch;
        await this.events.record({
          type: 'usage.counter_rebuilt', subject: { type: 'customer', id: customerId }, customerId, productId, actor,
          before: { feature, windowStart, used, reserved }, after: { feature, windowStart, used: recorded, reserved: held },
        });
      }
      return wrong.length;
    });
  }
}
