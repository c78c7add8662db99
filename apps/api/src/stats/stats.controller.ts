import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { UsageSeriesService } from '@app/metering';
import { SubscriptionStats } from '@app/subscriptions';
import { Allow } from '../http/access/allow.decorator.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { optionalDate } from '../http/input/optional-date.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { ProductOnlyDto } from '../plans/dto/plan.dto.js';
import { RevenueStatsDto, SubscriptionStatsDto, UsageStatsDto, UsageStatsQueryDto } from './dto/stats.dto.js';

const RULE = { scope: 'stats:read', users: 'product_admin', support: 'reads' } as const;

@ApiTags('Numbers')
@ApiCredentials()
@Controller('v1/stats')
export class StatsController {
  constructor(
    private readonly numbers: SubscriptionStats,
    private readonly usageOverTime: UsageSeriesService,
  ) {}

  @Get('subscriptions')
  @Allow(RULE)
  @ApiOperation({
    operationId: 'getSubscriptionStats',
    summary: 'Count the subscriptions of a product by status and plan',
    description: 'Counted by a job, once a minute.',
  })
  @ApiProblems(404)
  async subscriptions(@Query() _: ProductOnlyDto, @ProductKey() product: string): Promise<SubscriptionStatsDto> {
    return SubscriptionStatsDto.ofProduct(await this.numbers.ofProduct(product));
  }

  @Get('revenue')
  @Allow(RULE)
  @ApiOperation({
    operationId: 'getRevenueStats',
    summary: 'Get the monthly and yearly recurring revenue of a product',
    description:
      'As agreed, not as paid: overage, credits and discounts are not in it. Counted by a job, once a minute.',
  })
  @ApiProblems(404)
  async revenue(@Query() _: ProductOnlyDto, @ProductKey() product: string): Promise<RevenueStatsDto> {
    return RevenueStatsDto.ofProduct(await this.numbers.ofProduct(product));
  }

  @Get('usage')
  @Allow(RULE)
  @ApiOperation({
    operationId: 'getUsageStats',
    summary: 'Get the usage of all customers of a product over time, by feature',
    description:
      'Summed up by a job, four times a minute. Steps are of UTC; the hours that the span begins and ends in count as a whole.',
  })
  @ApiProblems(404)
  usage(@Query() { feature, from, to, by }: UsageStatsQueryDto, @ProductKey() product: string): Promise<UsageStatsDto> {
    return this.usageOverTime.ofProduct({ product, feature }, { from: optionalDate(from), to: optionalDate(to), by });
  }
}
