import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Customer } from '@app/customers';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentCustomer } from '../http/access/current-principal.decorator.js';
import { ResolveCustomer } from '../http/access/owner.guard.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { optionalDate } from '../http/input/instants.js';
import { AnsweredBySchema } from '../http/routes/route.js';
import { DecisionDto, DecisionListDto } from '../usage/dto/usage.dto.js';
import { EntitlementQueryDto, EntitlementsQueryDto } from './dto/entitlements.dto.js';
import { ListEntitlementsOperation } from './list-entitlements.operation.js';

@ApiTags('Entitlements and usage')
@ApiCredentials()
@ApiProblems(404)
@Controller('v1/customers/:customer/entitlements')
export class EntitlementsController {
  constructor(private readonly entitlements: ListEntitlementsOperation) {}

  /**
   * Returns one decision for each feature of the product, to render a whole page with one call. Nothing is counted.
   * With `at` it decides from the terms sold and the usage recorded by then. Errors: 404 `customer_not_found` or
   * `product_not_found`; 404 `history_not_kept` when the events of that time were pruned.
   */
  @Get()
  @Allow({ scope: 'entitlements:read', users: 'owner', portal: true, support: 'reads' })
  @ResolveCustomer()
  @AnsweredBySchema()
  @ApiOperation({
    operationId: 'listEntitlements',
    summary: 'List decisions on all features of a customer, now or at an earlier instant',
  })
  async list(
    @CurrentCustomer() customer: Customer,
    @Query() { at }: EntitlementsQueryDto,
    @ProductKey() product: string,
  ): Promise<DecisionListDto> {
    return { data: await this.entitlements.all({ customer, product }, optionalDate(at)) };
  }

  /**
   * The same decision as `POST /v1/check` of one unit, as a GET, and for an earlier instant with `at`. Nothing is
   * counted. Errors: 404 `customer_not_found` or `feature_not_found`.
   */
  @Get(':feature')
  @Allow({ scope: 'entitlements:read', users: 'owner', portal: true, support: 'reads' })
  @ResolveCustomer()
  @AnsweredBySchema()
  @ApiOperation({
    operationId: 'getEntitlement',
    summary: 'Read the decision on one feature, now or at an earlier instant',
  })
  get(
    @CurrentCustomer() customer: Customer,
    @Param('feature') feature: string,
    @Query() { at, entity }: EntitlementQueryDto,
    @ProductKey() product: string,
  ): Promise<DecisionDto> {
    return this.entitlements.one({ customer, product, feature, entity }, optionalDate(at));
  }
}
