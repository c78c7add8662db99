import { Injectable } from '@nestjs/common';
import type { Decision, JointDecision } from '@app/metering';
import { Metrics } from '@app/platform';

const OPERATIONS = ['check', 'consume', 'reserve'] as const;
const OUTCOMES = ['allowed', 'denied'] as const;

/** Counts what was decided; handed to the metrics when they are read, because that costs more than counting. */
@Injectable()
export class DecisionCount {
  private readonly counts = Object.fromEntries(
    OPERATIONS.map((operation) => [operation, { allowed: 0, denied: 0 }]),
  ) as Record<(typeof OPERATIONS)[number], Record<(typeof OUTCOMES)[number], number>>;

  constructor(private readonly metrics: Metrics) {
    metrics.onCollect(() => this.handIn());
  }

  /** @returns what it was given */
  of<T extends Decision | JointDecision>(operation: (typeof OPERATIONS)[number], decision: T): T {
    this.counts[operation][decision.allowed ? 'allowed' : 'denied']++;
    const parts: Decision[] = 'data' in decision ? decision.data : [decision];
    for (const one of parts) {
      if (one.reason !== null) this.metrics.denials.inc({ reason: one.reason });
      if (one.degraded) this.metrics.degraded.inc({ outcome: one.allowed ? 'allowed' : 'denied' });
    }
    return decision;
  }

  private handIn(): void {
    for (const operation of OPERATIONS) {
      for (const outcome of OUTCOMES) {
        this.metrics.decisions.inc({ operation, outcome }, this.counts[operation][outcome]);
        this.counts[operation][outcome] = 0;
      }
    }
  }
}
