import { Controller, Get, Header, HttpException, UseGuards } from '@nestjs/common';
import { type Dependencies, Metrics, Readiness } from '@app/platform';
import { MetricsGuard } from './metrics.guard.js';

/** Health and metrics of a worker process, at the same paths as those of the API. */
@Controller()
export class HealthController {
  constructor(
    private readonly readiness: Readiness,
    private readonly processMetrics: Metrics,
  ) {}

  @Get('health/live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('health/ready')
  async ready(): Promise<{ status: 'ok'; dependencies: Dependencies }> {
    const dependencies = await this.readiness.check().catch(() => {
      throw new HttpException({ status: 'unavailable' }, 503);
    });
    return { status: 'ok', dependencies };
  }

  @Get('metrics')
  @UseGuards(MetricsGuard)
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  metrics(): Promise<string> {
    return this.processMetrics.text();
  }
}
