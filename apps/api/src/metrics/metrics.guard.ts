import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '@app/kernel';
import { Config, mayReadMetrics } from '@app/platform';

@Injectable()
export class MetricsGuard implements CanActivate {
  constructor(private readonly config: Config) {}

  canActivate(context: ExecutionContext): boolean {
    const { authorization } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    if (!mayReadMetrics(this.config, authorization))
      throw new DomainError(
        'unauthenticated',
        'authentication_required',
        'This needs METRICS_TOKEN as a bearer token.',
      );
    return true;
  }
}
