import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Allow } from '../http/access/allow.decorator.js';
import { ApiProblems } from '../http/openapi/problem.dto.js';
import { HealthDto } from './health.dto.js';
import { Readiness } from '@app/platform';

@ApiTags('Health')
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('live')
  @Allow('public')
  @ApiOperation({ operationId: 'live', summary: 'The process runs; asks nothing else' })
  live(): HealthDto {
    return { status: 'ok' };
  }

  @Get('ready')
  @Allow('public')
  @ApiOperation({ operationId: 'ready', summary: 'The database answers and the service is not stopping' })
  @ApiProblems(503)
  async ready(): Promise<HealthDto> {
    await this.readiness.check();
    return { status: 'ok' };
  }
}
