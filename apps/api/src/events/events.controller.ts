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

  /**
   * Use it when a webhook receiver is not possible: the connection stays open and sends each event when it is
   * committed, with a heartbeat every 15 seconds. To resume, send the id of the last frame in `Last-Event-ID`: no
   * event of the last 30 days is lost. A `stream.gap` frame reports events that are no longer stored. Errors: 404
   * `customer_not_found`; 429 `too_many_at_once` for more than 20 concurrent streams.
   */
  @Get('stream')
  @Allow({ scope: 'audit:read', users: 'product_admin', support: 'reads' })
  // Proxies must not buffer the stream.
  @Header('x-accel-buffering', 'no')
  @ApiOperation({
    operationId: 'streamEvents',
    summary: 'Stream events as they happen (server-sent events); each frame has the body of a webhook',
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'Id of the last frame that the client received.',
    example: '4711',
  })
  @ApiProduces(EVENT_STREAM)
  @ApiOkResponse({ content: { [EVENT_STREAM]: { schema: { type: 'string' } } } })
  @ApiProblems(404)
  async stream(
    @Query() query: StreamQueryDto,
    @Headers('last-event-id') lastEventId: string | undefined,
    @CurrentPrincipal() principal: Principal,
  ): Promise<StreamableFile> {
    return new StreamableFile(await this.streaming.open(query, lastEventId, principal), { type: EVENT_STREAM });
  }
}
