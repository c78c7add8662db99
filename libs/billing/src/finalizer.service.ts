import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';
import { BillingRun, BillingStep, retryAt } from './billing-run.service.js';
import type { Invoice } from './domain/invoice.js';
import { InvoiceFinalization } from './invoice-finalization.service.js';
import { InvoicesRepository } from './invoices.repository.js';

/** Drafts per transaction: they share its cost and the update of the numbers, and hold its lock briefly. */
const BATCH = 200;
/** The next drafts are read and priced while those before are written: only one transaction at a time gives numbers. */
const CONCURRENCY = 2;
/** Drafts of one run: the other steps of billing wait for it. */
const MAX_RUN = 2_000;

/** Finalizes drafts that are due. */
@Injectable()
export class Finalizer extends BillingStep implements OnModuleInit {
  constructor(
    private readonly invoices: InvoicesRepository,
    private readonly finalization: InvoiceFinalization,
    private readonly run: BillingRun,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {
    super();
  }

  onModuleInit(): void {
    this.run.register(this);
  }

  async runDue(): Promise<number> {
    let locked = 0;
    const runs = await Promise.allSettled(
      Array.from({ length: CONCURRENCY }, async () => {
        for (let batch = BATCH; batch === BATCH && locked < MAX_RUN; locked += batch) batch = await this.runBatch();
      }),
    );
    for (const run of runs) if (run.status === 'rejected') throw run.reason;
    return locked;
  }

  /** @returns the number of drafts that were due, at most `BATCH` */
  private runBatch(): Promise<number> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      const due = await this.invoices.lockDrafts(now, BATCH);
      await this.finalize(due, now, retryAt(now));
      return due.length;
    });
  }

  runOnClock(clockId: string, now: Date): Promise<number> {
    return this.database.transaction(async () =>
      this.finalize(await this.invoices.lockDraftsOnClock(clockId, now, BATCH), now, retryAt(now, { onClock: true })),
    );
  }

  nextOnClock(clockId: string): Promise<Date | null> {
    return this.invoices.nextDraftOnClock(clockId);
  }

  private async finalize(due: Invoice[], now: Date, retry: Date): Promise<number> {
    const drafts = onePerSubscription(due);
    await this.run.isolate({
      job: 'finalize invoices',
      items: drafts,
      idOf: ({ id }) => id,
      process: (some) => this.finalization.finalize(some, { now }),
      postpone: (draft) => this.invoices.postponeDraft(draft, retry),
    });
    return drafts.length;
  }
}

/** The first draft of each subscription: the later ones follow from it, in the next batch. */
function onePerSubscription(drafts: Invoice[]): Invoice[] {
  const seen = new Set<string>();
  return drafts.filter(({ id, subscriptionId }) => {
    const key = subscriptionId ?? id;
    return !seen.has(key) && seen.add(key);
  });
}
