import { Injectable } from '@nestjs/common';
import { type Actor, Clock } from '@app/kernel';
import { Events } from '@app/events';
import { Database, isUnavailable } from '@app/platform';
import { type Mismatch, CounterChecksRepository } from './counter-checks.repository.js';

export interface CheckReport {
  /** Customers looked at. */
  checked: number;
  mismatches: Mismatch[];
  /** Counters set right. */
  rebuilt: number;
  /** Where to go on; null: that was all. */
  after: string | null;
}

export interface WholeCheck {
  /** Counters that are not the sum of their ledger. */
  wrong: number;
  /** Customers whose ledger is too long to be summed up in one statement's time. */
  unchecked: string[];
}

/** So many customers after one of them, in their own order. */
interface CustomerPage {
  after: string | null;
  limit: number;
}

const PAGE = 1_000;

/** Proves that every counter is the sum of its ledger, and makes it so where it is not. */
@Injectable()
export class UsageChecker {
  constructor(
    private readonly usage: CounterChecksRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /** Looks at one page of customers, each as it is at one instant: it may run while usage is counted. */
  async check(page: CustomerPage & { customerId?: string }): Promise<CheckReport> {
    const customers =
      page.customerId === undefined ? await this.usage.customerPage(page.after, page.limit) : [page.customerId];
    const mismatches = await this.usage.mismatches(customers);
    const more = page.customerId === undefined && customers.length === page.limit;
    return { checked: customers.length, mismatches, rebuilt: 0, after: more ? customers.at(-1)! : null };
  }

  /** The same, and counters that are wrong are set to what their ledger says, under their customer's lock. */
  async rebuild(page: CustomerPage & { customerId?: string }, actor: Actor): Promise<CheckReport> {
    const report = await this.check(page);
    let rebuilt = 0;
    for (const customerId of new Set(report.mismatches.map((mismatch) => mismatch.customerId)))
      rebuilt += await this.rebuildCustomer(customerId, actor);
    return { ...report, rebuilt };
  }

  /** Every customer, page by page: of those whose ledgers are long in smaller ones. */
  async checkAll(): Promise<WholeCheck> {
    const found: WholeCheck = { wrong: 0, unchecked: [] };
    let page: CustomerPage | null = { after: null, limit: PAGE };
    while (page) {
      const { after, limit }: CustomerPage = page;
      const report = await this.checkInTime(page);
      if (report) {
        found.wrong += report.mismatches.length;
        page = report.after === null ? null : { after: report.after, limit: Math.min(PAGE, limit * 2) };
      } else if (limit > 1) {
        page = { after, limit: Math.ceil(limit / 8) };
      } else {
        const [tooLong] = await this.usage.customerPage(after, 1);
        if (tooLong) found.unchecked.push(tooLong);
        page = tooLong ? { after: tooLong, limit } : null;
      }
    }
    return found;
  }

  /** @returns null when the database did not answer in time */
  private async checkInTime(page: CustomerPage): Promise<CheckReport | null> {
    try {
      return await this.check(page);
    } catch (error) {
      if (isUnavailable(error)) return null;
      throw error;
    }
  }

  private rebuildCustomer(customerId: string, actor: Actor): Promise<number> {
    return this.database.transaction(async () => {
      await this.usage.lockForRebuild(customerId);
      const wrong = await this.usage.mismatches([customerId]);
      for (const mismatch of wrong) {
        await this.usage.setCounter(mismatch, this.clock.now());
        const { feature, productId, windowStart, used, reserved, recorded, held } = mismatch;
        await this.events.record({
          type: 'usage.counter_rebuilt',
          subject: { type: 'customer', id: customerId },
          customerId,
          productId,
          actor,
          before: { feature, windowStart, used, reserved },
          after: { feature, windowStart, used: recorded, reserved: held },
        });
      }
      return wrong.length;
    });
  }
}
