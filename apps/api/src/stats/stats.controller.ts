import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { UsageSeriesService } from '@app/metering';
import { SubscriptionStats } from '@app/subscriptions';
import { Allow } from '../http/access/allow.decorator.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { optionalDate } from '../http/input/instants.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { ProductOnlyDto } from '../plans/dto/plan.dto.js';
import { RevenueStatsDto, SubscriptionStatsDto, UsageStatsDto, UsageStatsQueryDto } from './dto/stats.dto.js';

const RULE = { scope: 'stats:read', users: 'product_admin', support: 'reads' } as const;

@ApiTags('Numbers')
@ApiCredentials()
@Controller('v1/stats')
export class StatsController {
  constructor(
    private readonly stats: SubscriptionStats,
    private readonly usageSeries: UsageSeriesService,
  ) {}

  /**
   * Use it for dashboards: a job counts once a minute, and `asOf` is the time of the count. Customers on test clocks
   * are left out. Errors: 404 `product_not_found`; 503 `numbers_not_counted` until the first count.
   */
  @Get('subscriptions')
  @Allow(RULE)
  @ApiOperation({
    operationId: 'getSubscriptionStats',
    summary: 'Count the subscriptions of a product by status and plan',
  })
  @ApiProblems(404)
  async subscriptions(@Query() _: ProductOnlyDto, @ProductKey() product: string): Promise<SubscriptionStatsDto> {
    return SubscriptionStatsDto.ofProduct(await this.stats.ofProduct(product));
  }

  /**
   * Agreed, not paid, revenue by currency and plan: without overage, credits and discounts. A job calculates it once
   * a minute; `asOf` is the time of the calculation. Errors: 404 `product_not_found`; 503 `numbers_not_counted` until
   * the first calculation.
   */
  @Get('revenue')
  @Allow(RULE)
  @ApiOperation({
    operationId: 'getRevenueStats',
    summary: 'Get the monthly and yearly recurring revenue of a product',
  })
  @ApiProblems(404)
  async revenue(@Query() _: ProductOnlyDto, @ProductKey() product: string): Promise<RevenueStatsDto> {
    return RevenueStatsDto.ofProduct(await this.stats.ofProduct(product));
  }

  /**
   * A job rolls up usage four times a minute; usage recorded before `asOf` is included. Steps are in UTC; the first
   * and the last hour of the range count as a whole. For one customer use `GET /v1/customers/{customer}/usage`.
   * Errors: 404 `product_not_found` or `feature_not_found`.
   */
  @Get('usage')
  @Allow(RULE)
  @ApiOperation({
    operationId: 'getUsageStats',
    summary: 'Get the usage of all customers of a product over time, by feature',
  })
  @ApiProblems(404)
  usage(@Query() { feature, from, to, by }: UsageStatsQueryDto, @ProductKey() product: string): Promise<UsageStatsDto> {
    return this.usageSeries.ofProduct({ product, feature }, { from: optionalDate(from), to: optionalDate(to), by });
  }
}
