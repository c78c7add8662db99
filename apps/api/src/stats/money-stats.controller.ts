import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '@app/auth';
import { MoneyStats, RevenueStats } from '@app/billing';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { optionalDate } from '../http/input/instants.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { MoneyStatsDto, MoneyStatsQueryDto, MrrStatsDto, MrrStatsQueryDto } from './dto/money-stats.dto.js';

const RULE = { scope: 'stats:read', users: 'product_admin', support: 'reads', finance: 'reads' } as const;

@ApiTags('Numbers')
@ApiCredentials()
@Controller('v1/stats')
export class MoneyStatsController {
  constructor(
    private readonly revenue: RevenueStats,
    private readonly money: MoneyStats,
  ) {}

  /**
   * Plans and add-ons as agreed, per month: without usage, discounts and taxes. Start and movements add up to the end,
   * in every month and currency. Months are in UTC; the present one is up to now. Errors: 404 `product_not_found`,
   * `billing_off` or `test_clock_not_found`; 422 `invalid_fields` for more than 120 months.
   */
  @Get('mrr')
  @Allow(RULE)
  @ApiOperation({
    operationId: 'getMrrStats',
    summary: 'Get the monthly recurring revenue (MRR) of a product with its movements',
  })
  @ApiProblems(404)
  async mrr(
    @Query() { from, to, testClock: testClockId }: MrrStatsQueryDto,
    @ProductKey() product: string,
    @CurrentPrincipal() { scope: { filter: scope } }: Principal,
  ): Promise<MrrStatsDto> {
    const span = { from: optionalDate(from), to: optionalDate(to) };
    return MrrStatsDto.of(await this.revenue.byMonth({ product, testClockId, scope }, span));
  }
  /**
   * Collected, refunded and failed amounts in the span, and what is due now on open invoices by the days since they
   * were issued. Errors: 404 `product_not_found` or `test_clock_not_found`; 422 `invalid_fields`.
   */
  @Get('money')
  @Allow(RULE)
  @ApiOperation({ operationId: 'getMoneyStats', summary: 'Get collected, failed and outstanding amounts of a product' })
  @ApiProblems(404)
  async collected(
    @Query() { from, to, testClock: testClockId }: MoneyStatsQueryDto,
    @ProductKey() product: string,
    @CurrentPrincipal() { scope: { filter: scope } }: Principal,
  ): Promise<MoneyStatsDto> {
    const span = { from: optionalDate(from), to: optionalDate(to) };
    return MoneyStatsDto.of(await this.money.ofProduct({ product, testClockId, scope }, span));
  }
}
