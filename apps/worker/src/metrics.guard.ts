import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Config, mayReadMetrics } from '@app/platform';

@Injectable()
export class MetricsGuard implements CanActivate {
  constructor(private readonly config: Config) {}

  canActivate(context: ExecutionContext): boolean {
    return mayReadMetrics(this.config, context.switchToHttp().getRequest<FastifyRequest>().headers.authorization);
  }
}
