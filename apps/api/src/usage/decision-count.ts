import { Injectable } from '@nestjs/common';
import type { Decision, JointDecision } from '@app/metering';
import { Metrics } from '@app/platform';

type Operation = 'check' | 'consume' | 'reserve';

/** Counts what was decided, so that it shows in the metrics. */
@Injectable()
export class DecisionCount {
  private readonly counters;

  constructor(private readonly metrics: Metrics) {
    const of = (operation: Operation) => ({ allowed: metrics.decisions.labels(operation, 'allowed'), denied: metrics.decisions.labels(operation, 'denied') });
    this.counters = { check: of('check'), consume: of('consume'), reserve: of('reserve') };
  }

  /** @returns what it was given */
  of<T extends Decision | JointDecision>(operation: Operation, decision: T): T {
    this.counters[operation][decision.allowed ? 'allowed' : 'denied'].inc();
    const parts: Decision[] = 'data' in decision ? decision.data : [decision];
    for (const one of parts) {
      if (one.reason !== null) this.metrics.denials.inc({ reason: one.reason });
      if (one.degraded) this.metrics.degraded.inc({ outcome: one.allowed ? 'allowed' : 'denied' });
    }
    return decision;
  }
}
