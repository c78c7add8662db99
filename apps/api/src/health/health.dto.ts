import type { Dependencies, DependencyState } from '@app/platform';

export class HealthDto {
  status: 'ok';
}

export class DependencyDto {
  status: 'up' | 'down';
  /** What it took to answer, in milliseconds; null when it did not. */
  latencyMs: number | null;
  /** Since when it has been so, as far as this process has seen. */
  since: Date;
}

export class ReadyDto extends HealthDto {
  /** `database`, and `redis` where there is one. */
  dependencies: Record<string, DependencyDto>;

  static of(dependencies: Dependencies): ReadyDto {
    return { status: 'ok', dependencies: dependencies satisfies Record<string, DependencyState> };
  }
}
