import { type ExecutionContext, Injectable } from '@nestjs/common';
import { DomainError } from '@app/kernel';
import { Config, mayReadMetrics } from '@app/platform';
import { type CompilableGuard, runGuard, type Step } from '../http/routes/route.js';

@Injectable()
export class MetricsGuard implements CompilableGuard {
  constructor(private readonly config: Config) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return runGuard(this, context);
  }

  compile(): Step {
    return ({ headers }) => {
      if (!mayReadMetrics(this.config, headers.authorization))
        throw new DomainError(
          'unauthenticated',
          'authentication_required',
          'This needs METRICS_TOKEN as a bearer token.',
        );
    };
  }
}
