import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Customer } from '@app/customers';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentCustomer } from '../http/access/current-principal.decorator.js';
import { ResolveCustomer } from '../http/access/owner.guard.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { optionalDate } from '../http/input/optional-date.js';
import { DecisionDto, DecisionListDto } from '../usage/dto/usage.dto.js';
import { EntitlementsQueryDto } from './dto/entitlements.dto.js';
import { ListEntitlementsOperation } from './list-entitlements.operation.js';

@ApiTags('Entitlements and usage')
@ApiCredentials()
@ApiProblems(404)
@ApiParam({ name: 'customer', description: 'Key of the customer, or "me".' })
@Controller('v1/customers/:customer/entitlements')
export class EntitlementsController {
  constructor(private readonly entitlements: ListEntitlementsOperation) {}

  @Get()
  @Allow({ scope: 'entitlements:read', users: 'owner', support: 'reads' })
  @ResolveCustomer()
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

  @Get(':feature')
  @Allow({ scope: 'entitlements:read', users: 'owner', support: 'reads' })
  @ResolveCustomer()
  @ApiOperation({
    operationId: 'getEntitlement',
    summary: 'Read the decision on one feature, now or at an earlier instant',
  })
  get(
    @CurrentCustomer() customer: Customer,
    @Param('feature') feature: string,
    @Query() { at }: EntitlementsQueryDto,
    @ProductKey() product: string,
  ): Promise<DecisionDto> {
    return this.entitlements.one({ customer, product, feature }, optionalDate(at));
  }
}
