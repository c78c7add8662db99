import { Injectable } from '@nestjs/common';
import { CustomerTime } from '@app/customers';
import type { Actor } from '@app/kernel';
import { Events } from '@app/events';
import { Database, isUnavailable } from '@app/platform';
import { type Mismatch, CounterChecksRepository } from './counter-checks.repository.js';

export interface CheckReport {
  /** Number of customers checked. */
  checked: number;
  mismatches: Mismatch[];
  /** Number of counters rebuilt. */
  rebuilt: number;
  /** The id after which to continue; null: all customers are checked. */
  after: string | null;
}

export interface WholeCheck {
  /** Number of counters that are not the sum of their ledger. */
  wrong: number;
  /** Customers whose ledger is too long to sum within the statement timeout. */
  unchecked: string[];
}

/** Up to `limit` customers after an id, in the order of ids. */
interface CustomerPage {
  after: string | null;
  limit: number;
}

const PAGE = 1_000;

/** A counter that is the sum of its ledger, but not what was reported, needs a correction by hand. */
const isRebuildable = ({ used, recorded, reserved, held }: Mismatch): boolean => used !== recorded || reserved !== held;

/**
 * Verifies that every counter, of customers and of their entities, is the sum of its ledger and what was reported, and
 * rebuilds counters that are not the sum.
 */
@Injectable()
export class UsageChecker {
  constructor(
    private readonly usage: CounterChecksRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly time: CustomerTime,
  ) {}

  /**
   * Verifies one page of customers, in one snapshot of the database: it may run while usage is counted.
   * @example
   * const { mismatches, after } = await checker.check({ after: null, limit: 1_000 });
   */
  async check(page: CustomerPage & { customerId?: string }): Promise<CheckReport> {
    const customers =
      page.customerId === undefined ? await this.usage.customerPage(page.after, page.limit) : [page.customerId];
    const mismatches = await this.usage.mismatches(customers);
    const more = page.customerId === undefined && customers.length === page.limit;
    return { checked: customers.length, mismatches, rebuilt: 0, after: more ? customers.at(-1)! : null };
  }

  /**
   * Verifies one page of customers, and sets wrong counters to the sums of their ledgers, under the customer's lock.
   * Records the event `usage.counter_rebuilt` for each.
   * @example
   * const { rebuilt } = await checker.rebuild({ after: null, limit: 1, customerId }, actor);
   */
  async rebuild(page: CustomerPage & { customerId?: string }, actor: Actor): Promise<CheckReport> {
    const report = await this.check(page);
    let rebuilt = 0;
    for (const customerId of new Set(report.mismatches.map((mismatch) => mismatch.customerId)))
      rebuilt += await this.rebuildCustomer(customerId, actor);
    return { ...report, rebuilt };
  }

  /**
   * Verifies all customers, page by page; pages with long ledgers are split into smaller ones.
   * @example
   * const { wrong, unchecked } = await checker.checkAll();
   */
  async checkAll(): Promise<WholeCheck> {
    const result: WholeCheck = { wrong: 0, unchecked: [] };
    let page: CustomerPage | null = { after: null, limit: PAGE };
    while (page) {
      const { after, limit }: CustomerPage = page;
      const report = await this.checkInTime(page);
      if (report) {
        result.wrong += report.mismatches.length;
        page = report.after === null ? null : { after: report.after, limit: Math.min(PAGE, limit * 2) };
      } else if (limit > 1) {
        page = { after, limit: Math.ceil(limit / 8) };
      } else {
        const [tooLong] = await this.usage.customerPage(after, 1);
        if (tooLong) result.unchecked.push(tooLong);
        page = tooLong ? { after: tooLong, limit } : null;
      }
    }
    return result;
  }

  /** @returns null when the database does not respond within the statement timeout */
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
      const wrong = (await this.usage.mismatches([customerId])).filter(isRebuildable);
      for (const mismatch of wrong) {
        const now = await this.time.of(mismatch);
        await this.usage.setCounter(mismatch, now);
        const { feature, productId, windowStart, entityId, used, reserved, recorded, held } = mismatch;
        const counter = entityId === null ? { feature, windowStart } : { feature, windowStart, entityId };
        await this.events.record({
          type: 'usage.counter_rebuilt',
          subject: { type: 'customer', id: customerId },
          customerId,
          productId,
          actor,
          before: { ...counter, used, reserved },
          after: { ...counter, used: recorded, reserved: held },
          at: now,
        });
      }
      return wrong.length;
    });
  }
}
