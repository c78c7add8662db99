import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '@app/auth';
import { WebhookDeliveriesService } from '@app/webhooks';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { EmptyDto } from '../http/input/empty.dto.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { Pages } from '../http/pagination/pages.js';
import { SparseQueryDto } from '../plans/dto/plan.dto.js';
import { WebhookDeliveryDto, WebhookDeliveryPageDto, WebhookDeliveryQueryDto } from './dto/webhook-delivery.dto.js';

const RULE = { scope: 'webhooks:write', users: 'user' } as const;

@ApiTags('Webhooks')
@ApiCredentials()
@Controller('v1/webhook-deliveries')
export class WebhookDeliveriesController {
  constructor(
    private readonly deliveries: WebhookDeliveriesService,
    private readonly pages: Pages,
  ) {}

  /**
   * Filter by `status=failed` to find dead letters, or by `event` to see where one event was sent. Each row has its
   * attempts with outcome, status code and duration. Error: 404 `webhook_endpoint_not_found` when `endpoint` is not
   * one of the caller.
   */
  @Get()
  @Allow({ ...RULE, support: 'reads' })
  @ApiOperation({
    operationId: 'listWebhookDeliveries',
    summary: 'List webhook deliveries with their attempts, newest first; kept for 30 days',
  })
  @ApiProblems(404)
  async list(
    @Query() query: WebhookDeliveryQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<WebhookDeliveryPageDto> {
    const scope = principal.scope.filter;
    const { endpoint, status, event, type } = query;
    const filter = { endpoint, status, event, type };
    const binding = { deliveriesOf: scope, ...filter };
    return this.pages.answer(
      await this.deliveries.list(this.pages.request(query, binding), scope, filter),
      binding,
      WebhookDeliveryDto.of,
    );
  }

  /**
   * Shows the attempts of one delivery and the time of the next one. Error: 404 `webhook_delivery_not_found`, also
   * for deliveries older than 30 days.
   */
  @Get(':id')
  @Allow({ ...RULE, support: 'reads' })
  @ApiOperation({ operationId: 'getWebhookDelivery', summary: 'Get a webhook delivery' })
  @ApiProblems(404)
  async get(
    @UuidParam('id') id: string,
    @Query() _: SparseQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<WebhookDeliveryDto> {
    return WebhookDeliveryDto.of(await this.deliveries.get(id, principal.scope.filter));
  }

  /**
   * Use it for one failed delivery. It carries the same `webhook-id`, so a receiver that has processed the event
   * skips it. Errors: 404 `webhook_delivery_not_found`; 409 `delivery_pending`, `endpoint_disabled`, or
   * `event_not_kept` after 30 days.
   */
  @Post(':id/redeliver')
  @Idempotent()
  @HttpCode(200)
  @Allow(RULE)
  @ApiOperation({ operationId: 'redeliverWebhook', summary: 'Redeliver a webhook with the same id and the same bytes' })
  @ApiProblems(404, 409)
  async redeliver(
    @UuidParam('id') id: string,
    @Body() _: EmptyDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<WebhookDeliveryDto> {
    return WebhookDeliveryDto.of(await this.deliveries.redeliver(id, principal.scope.filter));
  }
}
