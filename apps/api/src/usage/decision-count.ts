import { Injectable } from '@nestjs/common';
import { DenialCounts, type Decision, type Denied, type JointDecision } from '@app/metering';
import { Metrics } from '@app/platform';

const OPERATIONS = ['check', 'consume', 'reserve'] as const;
const OUTCOMES = ['allowed', 'denied'] as const;

/** Counts decisions in plain numbers; moves them to the metrics on collection, because a metric costs more per call. */
@Injectable()
export class DecisionCount {
  private readonly counts = Object.fromEntries(
    OPERATIONS.map((operation) => [operation, { allowed: 0, denied: 0 }]),
  ) as Record<(typeof OPERATIONS)[number], Record<(typeof OUTCOMES)[number], number>>;

  constructor(
    private readonly metrics: Metrics,
    private readonly denials: DenialCounts,
  ) {
    metrics.onCollect(() => this.flush());
  }

  /** Counts a decision on features of a product. @returns the decision */
  of<T extends Decision | JointDecision>(operation: (typeof OPERATIONS)[number], decision: T, asked: Denied): T {
    this.counts[operation][decision.allowed ? 'allowed' : 'denied']++;
    const parts: Decision[] = 'data' in decision ? decision.data : [decision];
    for (const one of parts) {
      if (one.reason !== null) {
        this.metrics.denials.inc({ reason: one.reason });
        this.denials.note(asked, one);
      }
      if (one.degraded) this.metrics.degraded.inc({ outcome: one.allowed ? 'allowed' : 'denied' });
    }
    return decision;
  }

  private flush(): void {
    for (const operation of OPERATIONS) {
      for (const outcome of OUTCOMES) {
        this.metrics.decisions.inc({ operation, outcome }, this.counts[operation][outcome]);
        this.counts[operation][outcome] = 0;
      }
    }
  }
}
