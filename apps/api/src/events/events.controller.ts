import { Controller, Get, Header, Headers, Query, StreamableFile } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Principal } from '@app/auth';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { StreamEventsOperation } from './stream-events.operation.js';
import { StreamQueryDto } from './stream-query.dto.js';

const EVENT_STREAM = 'text/event-stream';

@ApiTags('Events')
@ApiCredentials()
@Controller('v1/events')
export class EventsController {
  constructor(private readonly streaming: StreamEventsOperation) {}

  @Get('stream')
  @Allow({ scope: 'audit:read', users: 'product_admin', support: 'reads' })
  // Proxies pass on what they are given at once.
  @Header('x-accel-buffering', 'no')
  @ApiOperation({
    operationId: 'streamEvents',
    summary: 'Events as they happen (server-sent events); each frame carries what a webhook would',
    description:
      'A reader that lost its connection sends the id of its last frame in Last-Event-ID and misses nothing of the last 30 days. A `stream.gap` tells of what is no longer kept.',
  })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'The id of the last frame that was read.' })
  @ApiProduces(EVENT_STREAM)
  @ApiOkResponse({ content: { [EVENT_STREAM]: { schema: { type: 'string' } } } })
  @ApiProblems(404)
  async stream(
    @Query() query: StreamQueryDto,
    @Headers('last-event-id') lastEventId: string | undefined,
    @CurrentPrincipal() principal: Principal,
  ): Promise<StreamableFile> {
    return new StreamableFile(await this.streaming.run(query, lastEventId, principal), { type: EVENT_STREAM });
  }
}
