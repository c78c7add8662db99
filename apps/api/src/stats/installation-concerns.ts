import { Injectable } from '@nestjs/common';
import { DeliveriesService, MAIL_DESTINATION } from '@app/deliveries';
import type { Concern } from '@app/kernel';
import { JobProblems } from '@app/platform';
import type { AttentionKind } from './dto/attention.dto.js';
import { Lags } from './lags.js';

/** Checks that compare what is stored, by the name of their job. */
const DIFFERENCES: Record<string, AttentionKind> = {
  'verify counters': 'counters_differ',
  'verify billing': 'billing_differs',
};

/** Problems of the installation: they concern every product. */
@Injectable()
export class InstallationConcerns {
  constructor(
    private readonly jobs: JobProblems,
    private readonly lags: Lags,
    private readonly deliveries: DeliveriesService,
  ) {}

  async list(): Promise<Concern[]> {
    const [problems, lags, failing] = await Promise.all([
      this.jobs.list(),
      this.lags.list(),
      this.deliveries.failing(),
    ]);
    const jobs = problems.map(({ job, kind, count, since }) => ({
      kind: kind === 'failing' ? 'jobs_failing' : DIFFERENCES[job]!,
      count,
      since,
      productId: null,
    }));
    const mails = failing
      .filter(({ destination }) => destination === MAIL_DESTINATION)
      .map(({ failures, failingSince }) => ({
        kind: 'mails_failing',
        count: failures,
        since: failingSince,
        productId: null,
      }));
    return [...jobs, ...lags, ...mails];
  }
}
