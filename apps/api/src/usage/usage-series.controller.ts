import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Customer } from '@app/customers';
import { OverageService, UsageEntitiesService, UsageSeriesService } from '@app/metering';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentCustomer } from '../http/access/current-principal.decorator.js';
import { ResolveCustomer } from '../http/access/owner.guard.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { optionalDate } from '../http/input/instants.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { Pages } from '../http/pagination/pages.js';
import {
  EntityUsagePageDto,
  EntityUsageDto,
  EntityUsageQueryDto,
  OverageDto,
  OverageQueryDto,
  UsageQueryDto,
  UsageSeriesDto,
} from './dto/usage-series.dto.js';

@ApiTags('Entitlements and usage')
@ApiCredentials()
@ApiProblems(404)
@Controller('v1/customers/:customer/usage')
export class UsageSeriesController {
  constructor(
    private readonly usageSeries: UsageSeriesService,
    private readonly overages: OverageService,
    private readonly entities: UsageEntitiesService,
    private readonly pages: Pages,
  ) {}

  /**
   * Use it for charts. Steps follow the customer's time zone, or are the windows of the limit, and steps without usage
   * are left out. With millions of ledger entries the first request may return 503; it succeeds once a job has rolled
   * up the ledger, in about a minute. Errors: 404 `customer_not_found` or `feature_not_found`.
   */
  @Get()
  @Allow({ scope: 'usage:read', users: 'owner', portal: true, support: 'reads' })
  @ResolveCustomer()
  @ApiOperation({
    operationId: 'getUsage',
    summary: 'Get the usage of a customer over time',
  })
  usage(
    @CurrentCustomer() customer: Customer,
    @Query() query: UsageQueryDto,
    @ProductKey() product: string,
  ): Promise<UsageSeriesDto> {
    return this.usageSeries.ofCustomer(
      { customer, product, feature: query.feature, entity: query.entity },
      { from: optionalDate(query.from), to: optionalDate(query.to), by: query.by },
    );
  }

  /**
   * Use it to bill usage beyond the limit in arrears, also of hours. Lists each window that ended after `from`, and at
   * `to` or before, and that has overage; windows that are open are left out. Adjoining spans have each window exactly
   * once. Late events, corrections and grants change the overage of a window that was read before. Errors: 404
   * `customer_not_found` or `feature_not_found`; 422 `feature_not_metered`, or `invalid_fields` when more than 2,000
   * windows have overage.
   */
  @Get('overage')
  @Allow({ scope: 'usage:read', users: 'owner', portal: true, support: 'reads' })
  @ResolveCustomer()
  @ApiOperation({ operationId: 'getOverage', summary: 'Read the usage beyond the limit of windows that have ended' })
  async overage(
    @CurrentCustomer() customer: Customer,
    @Query() { feature, from, to }: OverageQueryDto,
    @ProductKey() product: string,
  ): Promise<OverageDto> {
    return this.overages.ofCustomer({ customer, product, feature }, { from: optionalDate(from), to: optionalDate(to) });
  }

  /**
   * Use it to show seats by member or storage by project. Entities without used or reserved units are left out; the
   * entity that was first named comes first. For a feature that counts distinct values the list has the values. Errors:
   * 404 `customer_not_found` or `feature_not_found`, 422 `feature_not_metered`.
   */
  @Get('entities')
  @Allow({ scope: 'usage:read', users: 'owner', portal: true, support: 'reads' })
  @ResolveCustomer()
  @ApiOperation({
    operationId: 'listEntityUsage',
    summary: 'List the usage of the entities of a customer in one window',
  })
  async usageOfEntities(
    @CurrentCustomer() customer: Customer,
    @Query() query: EntityUsageQueryDto,
    @ProductKey() product: string,
  ): Promise<EntityUsagePageDto> {
    const binding = { ...query, product, customer: customer.id };
    const subject = { customer, product, feature: query.feature };
    const page = await this.entities.list(subject, this.pages.request(query, binding), optionalDate(query.at));
    return this.pages.answer(page, binding, EntityUsageDto.of);
  }
}
