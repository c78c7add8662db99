import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Metrics } from '@app/platform';
import { Allow } from '../http/access/allow.decorator.js';
import { ApiProblems } from '../http/openapi/problem.dto.js';
import { MetricsGuard } from './metrics.guard.js';

@ApiTags('Health')
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  /**
   * Scrape it with Prometheus, on each instance: the values are those of this process. Production requires
   * `METRICS_TOKEN` as bearer token, and so does any other environment in which it is set; without it the answer is
   * 401 `authentication_required`.
   */
  @Get()
  @Allow('public')
  @UseGuards(MetricsGuard)
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiOperation({
    operationId: 'metrics',
    summary: 'Get the metrics of this process for Prometheus',
  })
  @ApiOkResponse({
    description: 'Metrics in the Prometheus text format',
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  @ApiProblems(401)
  read(): Promise<string> {
    return this.metrics.text();
  }
}
