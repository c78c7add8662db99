import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { PlanMigrationsService } from '@app/subscriptions';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { MovePlanDto, PlanMoveDto } from './dto/plan-migration.dto.js';
import { ProductQueryDto } from './dto/plan.dto.js';

@ApiTags('Catalogue')
@ApiCredentials()
@Controller('v1/plans/:key/moves')
export class PlanMigrationsController {
  constructor(private readonly planMigrations: PlanMigrationsService) {}

  /**
   * Ends the grandfathering of older versions, for example after a price change. A job migrates in batches and `GET
   * /v1/plans/{key}/moves/{id}` shows its progress. Skipped: subscriptions that are set to end, paused, have another
   * scheduled change, or have no matching price in the version. Errors: 404 `plan_not_found`; 409
   * `plan_move_running`.
   */
  @Post()
  @Idempotent()
  @HttpCode(202)
  @Allow({ scope: 'subscriptions:write', users: 'product_admin' })
  @ApiOperation({
    operationId: 'movePlan',
    summary: 'Migrate all live subscriptions of a plan to its newest version',
  })
  @ApiProblems(404, 409)
  async begin(
    @Param('key') plan: string,
    @Body() { when, reason }: MovePlanDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<PlanMoveDto> {
    return PlanMoveDto.of(await this.planMigrations.begin({ product, plan, when, reason, actor: actorOf(principal) }));
  }

  /**
   * Poll it until `state` is `done`; `total` is the number at the start. Errors: 404 `plan_not_found` or
   * `plan_move_not_found`.
   */
  @Get(':id')
  @Allow({ scope: 'subscriptions:read', users: 'product_admin', support: 'reads' })
  @ApiOperation({ operationId: 'getPlanMove', summary: 'Get the progress of a plan migration' })
  @ApiProblems(404)
  async get(
    @Param('key') plan: string,
    @UuidParam('id') id: string,
    @Query() _: ProductQueryDto,
    @ProductKey() product: string,
  ): Promise<PlanMoveDto> {
    return PlanMoveDto.of(await this.planMigrations.get(product, plan, id));
  }
}
