import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { PlanMigrationsService } from '@app/subscriptions';
import { Allow } from '../http/access/allow.decorator.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { VersionCountsDto } from './dto/plan-migration.dto.js';
import { ProductQueryDto } from './dto/plan.dto.js';

@ApiTags('Catalogue')
@ApiCredentials()
@Controller('v1/plans/:key/subscription-counts')
export class PlanSubscriptionsController {
  constructor(private readonly planMigrations: PlanMigrationsService) {}

  /**
   * Use it before you publish a version or start a plan migration: it shows how many subscriptions are on older
   * versions now. Customers on test clocks are counted. Error: 404 `plan_not_found`.
   */
  @Get()
  @Allow({ scope: 'subscriptions:read', users: 'product_admin', support: 'reads' })
  @ApiOperation({
    operationId: 'countPlanSubscriptions',
    summary: 'Count the live subscriptions of a plan by version',
  })
  @ApiProblems(404)
  async count(
    @Param('key') plan: string,
    @Query() _: ProductQueryDto,
    @ProductKey() product: string,
  ): Promise<VersionCountsDto> {
    return { versions: await this.planMigrations.countByVersion(product, plan) };
  }
}
