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

  @Get()
  @Allow('public')
  @UseGuards(MetricsGuard)
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiOperation({
    operationId: 'metrics',
    summary: 'What this process counts of itself, for Prometheus',
    description: 'With `METRICS_TOKEN` as a bearer token, which production asks for.',
  })
  @ApiOkResponse({
    description: 'The text format of Prometheus',
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  @ApiProblems(401)
  read(): Promise<string> {
    return this.metrics.text();
  }
}
