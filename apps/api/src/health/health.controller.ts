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

  /**
   * Use it as the liveness probe: it answers while the process serves requests, and reads no database. Restart the
   * process only when it does not answer.
   */
  @Get('live')
  @Allow('public')
  @ApiOperation({ operationId: 'live', summary: 'Liveness: the process is running' })
  live(): HealthDto {
    return { status: 'ok' };
  }

  /**
   * Use it as the readiness probe of a load balancer. The answer has state, latency and start of the state for each
   * dependency. 503 `database_unavailable` or `stopping`: send requests to another instance; the problem has the same
   * `dependencies`.
   */
  @Get('ready')
  @Allow('public')
  @ApiOperation({
    operationId: 'ready',
    summary: 'Readiness: the database responds and the service is not stopping',
  })
  @ApiProblems(503)
  async ready(): Promise<ReadyDto> {
    return ReadyDto.of(await this.readiness.check());
  }
}
