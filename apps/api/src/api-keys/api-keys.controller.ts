import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { MeteredApiKeysService } from '@app/accounts';
import { ApiKeysService, type UserPrincipal } from '@app/auth';
import { OWN_PRODUCT } from '@app/catalog';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { optionalDate } from '../http/input/instants.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { ListQuery } from '../http/pagination/list.query.js';
import { Pages } from '../http/pagination/pages.js';
import { RequireEntitlement } from '../http/plan-limit/require-entitlement.decorator.js';
import { ApiKeyDto, ApiKeyPageDto, CreateApiKeyDto, CreatedApiKeyDto, RotateApiKeyDto } from './dto/api-key.dto.js';

const DAY_SECONDS = 86_400;

@ApiTags('API keys')
@ApiCredentials()
@Controller('v1/api-keys')
export class ApiKeysController {
  constructor(
    private readonly apiKeys: ApiKeysService,
    private readonly metered: MeteredApiKeysService,
    private readonly pages: Pages,
  ) {}

  /**
   * Admins create keys for services, other users for their own customer, with the scopes that users have. The key is
   * returned only once; only its hash is stored. A key of a user counts against the feature `api_keys` of its plan.
   * Errors: 403 `scope_not_allowed`; 404 `product_not_found`; 403 `feature_not_in_plan` or 429 `limit_reached` when
   * the plan allows no further key.
   */
  @Post()
  @Allow({ users: 'user' })
  @RequireEntitlement('api_keys', { product: OWN_PRODUCT })
  // Outside of the limit: a repetition consumes nothing.
  @Idempotent()
  @ApiOperation({
    operationId: 'createApiKey',
    summary: 'Create an API key: admins for services, other users for their own customer',
  })
  @ApiProblems(404)
  async create(@Body() body: CreateApiKeyDto, @CurrentPrincipal() principal: UserPrincipal): Promise<CreatedApiKeyDto> {
    const { apiKey, key } = await this.apiKeys.create({ ...body, expiresAt: optionalDate(body.expiresAt) }, principal);
    return { ...apiKey, key };
  }

  /**
   * Use it regularly, or before the owner of a key leaves: the caller owns the new key. Deploy the new key within the
   * overlap, during which both are valid. Errors: 404 `api_key_not_found`; 409 `api_key_replaced` when the key was
   * rotated before.
   */
  @Post(':id/rotate')
  @Idempotent()
  @Allow({ users: 'user' })
  @ApiOperation({
    operationId: 'rotateApiKey',
    summary: 'Rotate an API key: a new secret with the same rights; the old key works until the overlap ends',
  })
  @ApiProblems(404, 409)
  async rotate(
    @UuidParam('id') id: string,
    @Body() { overlapSeconds = DAY_SECONDS }: RotateApiKeyDto,
    @CurrentPrincipal() principal: UserPrincipal,
  ): Promise<CreatedApiKeyDto> {
    const { apiKey, key } = await this.metered.rotate(id, overlapSeconds, principal);
    return { ...apiKey, key };
  }

  /**
   * Shows prefix and last four characters, scopes, expiry and last use of each key, never the key. Use it to find
   * keys that are no longer used.
   */
  @Get()
  @Allow({ users: 'user' })
  @ApiOperation({
    operationId: 'listApiKeys',
    summary: 'List valid API keys, newest first: your own, or all for admins',
  })
  async list(@Query() query: ListQuery, @CurrentPrincipal() principal: UserPrincipal): Promise<ApiKeyPageDto> {
    const binding = { owner: principal.userId };
    return this.pages.answer(
      await this.apiKeys.list(this.pages.request(query, binding), principal.scope.apiKeyFilter),
      binding,
      (row): ApiKeyDto => row,
    );
  }

  /**
   * The key is refused with 401 on every instance within one second, and cannot be restored. To replace a key without
   * an interruption, rotate it instead. Error: 404 `api_key_not_found`.
   */
  @Delete(':id')
  @HttpCode(204)
  @Allow({ users: 'user' })
  @ApiOperation({ operationId: 'revokeApiKey', summary: 'Revoke an API key immediately' })
  @ApiProblems(404)
  async revoke(@UuidParam('id') id: string, @CurrentPrincipal() principal: UserPrincipal): Promise<void> {
    await this.metered.revoke(id, principal);
  }
}
