import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow } from '../http/access/allow.decorator.js';
import { ApiProblems } from '../http/openapi/problem.dto.js';
import { HealthDto, ReadyDto } from './health.dto.js';
import { Readiness } from '@app/platform';

@ApiTags('Health')
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('live')
  @Allow('public')
  @ApiOperation({ operationId: 'live', summary: 'Liveness: the process is running' })
  live(): HealthDto {
    return { status: 'ok' };
  }

  @Get('ready')
  @Allow('public')
  @ApiOperation({
    operationId: 'ready',
    summary: 'Readiness: the database responds and the service is not stopping',
    description:
      'Returns state, latency and since when for each dependency. The problem of a 503 has the same `dependencies`.',
  })
  @ApiProblems(503)
  async ready(): Promise<ReadyDto> {
    return ReadyDto.of(await this.readiness.check());
  }
}
