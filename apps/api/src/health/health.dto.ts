import type { Dependencies, DependencyState } from '@app/platform';

export class HealthDto {
  status: 'ok';
}

export class DependencyDto {
  status: 'up' | 'down';
  /** Response time in milliseconds; null when it did not respond. */
  latencyMs: number | null;
  /** Start of the current state, as observed by this process. */
  since: Date;
}

export class ReadyDto extends HealthDto {
  /** `database`, and `redis` when it is configured. */
  dependencies: Record<string, DependencyDto>;

  static of(dependencies: Dependencies): ReadyDto {
    return { status: 'ok', dependencies: dependencies satisfies Record<string, DependencyState> };
  }
}
