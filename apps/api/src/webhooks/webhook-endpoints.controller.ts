import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { WebhookDeliveriesService, WebhookEndpointsService } from '@app/webhooks';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { EmptyDto } from '../http/input/empty.dto.js';
import { dateOf } from '../http/input/instants.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { ListQuery } from '../http/pagination/list.query.js';
import { Pages } from '../http/pagination/pages.js';
import { RequestDeadline } from '../http/in-flight/request-deadline.decorator.js';
import { SparseQueryDto } from '../plans/dto/plan.dto.js';
import { RedeliverDto, RedeliveredDto } from './dto/webhook-delivery.dto.js';
import {
  CreateWebhookEndpointDto,
  RotateSecretDto,
  UpdateWebhookEndpointDto,
  WebhookEndpointDto,
  WebhookEndpointPageDto,
  WebhookEndpointWithSecretDto,
  WebhookTestDto,
} from './dto/webhook-endpoint.dto.js';
import { WebhookAccess } from './webhook-access.js';

const DAY_SECONDS = 86_400;
const RULE = { scope: 'webhooks:write', users: 'user' } as const;

@ApiTags('Webhooks')
@ApiCredentials()
@Controller('v1/webhook-endpoints')
export class WebhookEndpointsController {
  constructor(
    private readonly endpoints: WebhookEndpointsService,
    private readonly deliveries: WebhookDeliveriesService,
    private readonly access: WebhookAccess,
    private readonly pages: Pages,
  ) {}

  /**
   * Registers a URL that receives events by Standard Webhooks. The answer has the signing secret, which is returned
   * only here and by a rotation. Users get only events of their customer, services and admins those of a product.
   * Errors: 422 `invalid_fields` when the URL or its address is not allowed; 404 `product_not_found`; 409
   * `too_many_endpoints`.
   */
  @Post()
  @Idempotent()
  @Allow(RULE)
  @ApiOperation({
    operationId: 'createWebhookEndpoint',
    summary: 'Create a webhook endpoint',
  })
  @ApiProblems(404, 409)
  async create(
    @Body() body: CreateWebhookEndpointDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<WebhookEndpointWithSecretDto> {
    const { endpoint, secret } = await this.access.create(body, principal);
    return { ...(await this.access.present(endpoint)), secret };
  }

  /**
   * Returns the endpoints that the caller may see, without their secrets: its own for a user, those of its product
   * for a service.
   */
  @Get()
  @Allow({ ...RULE, support: 'reads' })
  @ApiOperation({ operationId: 'listWebhookEndpoints', summary: 'List webhook endpoints, newest first' })
  async list(@Query() query: ListQuery, @CurrentPrincipal() principal: Principal): Promise<WebhookEndpointPageDto> {
    const { filter: scope } = principal.scope;
    const binding = { endpointsOf: scope };
    const page = await this.endpoints.list(this.pages.request(query, binding), scope);
    return { ...this.pages.answer(page, binding, () => null), data: await this.access.presentAll(page.data) };
  }

  /**
   * Use it to find out why events do not arrive: `disabledReason`, `failingSince` and `pausedUntil` show the health.
   * Error: 404 `webhook_endpoint_not_found`.
   */
  @Get(':id')
  @Allow({ ...RULE, support: 'reads' })
  @ApiOperation({ operationId: 'getWebhookEndpoint', summary: 'Get a webhook endpoint with its health' })
  @ApiProblems(404)
  async get(
    @UuidParam('id') id: string,
    @Query() _: SparseQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<WebhookEndpointDto> {
    return this.access.present(await this.endpoints.get(id, principal.scope.filter));
  }

  /**
   * Changes the given fields. `enabled: true` starts a disabled endpoint again; send what it missed with `POST
   * /v1/webhook-endpoints/{id}/redeliver`. Errors: 404 `webhook_endpoint_not_found`; 422 `invalid_fields` when the
   * URL or its address is not allowed.
   */
  @Patch(':id')
  @Allow(RULE)
  @ApiOperation({ operationId: 'updateWebhookEndpoint', summary: 'Update, enable or disable a webhook endpoint' })
  @ApiProblems(404)
  async update(
    @UuidParam('id') id: string,
    @Body() body: UpdateWebhookEndpointDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<WebhookEndpointDto> {
    return this.access.present(await this.endpoints.update(id, principal.scope.filter, body, actorOf(principal)));
  }

  /**
   * Stops all sending to the URL and deletes pending deliveries and the log of attempts. To stop for a while, disable
   * the endpoint instead. Error: 404 `webhook_endpoint_not_found`.
   */
  @Delete(':id')
  @HttpCode(204)
  @Allow(RULE)
  @ApiOperation({
    operationId: 'deleteWebhookEndpoint',
    summary: 'Delete a webhook endpoint with its deliveries',
  })
  @ApiProblems(404)
  async delete(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<void> {
    await this.endpoints.delete(id, principal.scope.filter, actorOf(principal));
  }

  /**
   * Use it regularly, or when a secret leaked (`overlapSeconds: 0`). During the overlap each message has two
   * signatures, so that the receiver can change its secret without a loss. Error: 404 `webhook_endpoint_not_found`.
   */
  @Post(':id/rotate-secret')
  @Idempotent()
  @HttpCode(200)
  @Allow(RULE)
  @ApiOperation({
    operationId: 'rotateWebhookSecret',
    summary: 'Rotate the signing secret; during the overlap both secrets sign',
  })
  @ApiProblems(404)
  async rotate(
    @UuidParam('id') id: string,
    @Body() { overlapSeconds = DAY_SECONDS }: RotateSecretDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<WebhookEndpointWithSecretDto> {
    const { endpoint, secret } = await this.endpoints.rotateSecret(
      id,
      principal.scope.filter,
      overlapSeconds,
      actorOf(principal),
    );
    return { ...(await this.access.present(endpoint)), secret };
  }

  /**
   * Sends one message and waits for the answer, to check the URL, the certificate and the signature of a new
   * receiver. The result is not stored and not retried. Error: 404 `webhook_endpoint_not_found`.
   */
  @Post(':id/test')
  @HttpCode(200)
  @Allow(RULE)
  @ApiOperation({
    operationId: 'testWebhookEndpoint',
    summary: 'Send a `webhook.test` message immediately and return the result',
  })
  @ApiProblems(404)
  async test(
    @UuidParam('id') id: string,
    @Body() _: EmptyDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<WebhookTestDto> {
    return this.deliveries.test(id, principal.scope.filter);
  }

  /**
   * Use it after an outage of the receiver. Enqueues the events of the span that have not arrived, in pages: repeat
   * with `after` set to `nextAfter` until that is null. Events older than 30 days are gone. Errors: 404
   * `webhook_endpoint_not_found`; 409 `endpoint_disabled`.
   */
  @Post(':id/redeliver')
  @RequestDeadline(30)
  @Idempotent()
  @HttpCode(200)
  @Allow(RULE)
  @ApiOperation({
    operationId: 'redeliverToWebhookEndpoint',
    summary: 'Redeliver the events of a time span that were not delivered',
  })
  @ApiProblems(404, 409)
  async redeliver(
    @UuidParam('id') id: string,
    @Body() { from, to, all = false, after = 0 }: RedeliverDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<RedeliveredDto> {
    return this.deliveries.redeliverRange(id, principal.scope.filter, {
      from: dateOf(from),
      to: dateOf(to),
      all,
      after,
    });
  }
}
