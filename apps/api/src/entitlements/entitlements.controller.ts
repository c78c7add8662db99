import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Customer } from '@app/customers';
import { MeteringService } from '@app/metering';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentCustomer } from '../http/access/current-principal.decorator.js';
import { OfCustomer } from '../http/access/owner.guard.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { ProductQueryDto } from '../plans/dto/plan.dto.js';
import { DecisionDto, DecisionListDto } from '../usage/dto/usage.dto.js';

@ApiTags('Entitlements and usage')
@ApiCredentials()
@ApiProblems(404)
@ApiParam({ name: 'customer', description: 'Key of the customer, or "me".' })
@Controller('v1/customers/:customer/entitlements')
export class EntitlementsController {
  constructor(private readonly metering: MeteringService) {}

  @Get()
  @Allow({ scope: 'entitlements:read', people: 'owner' })
  @OfCustomer()
  @ApiOperation({ operationId: 'listEntitlements', summary: 'A decision for everything that the plan says' })
  async list(@CurrentCustomer() customer: Customer, @Query() _: ProductQueryDto, @ProductKey() product: string): Promise<DecisionListDto> {
    return { data: await this.metering.checkAll({ customer, product }) };
  }

  @Get(':feature')
  @Allow({ scope: 'entitlements:read', people: 'owner' })
  @OfCustomer()
  @ApiOperation({ operationId: 'getEntitlement', summary: 'The decision for one feature' })
  get(@CurrentCustomer() customer: Customer, @Param('feature') feature: string, @Query() _: ProductQueryDto, @ProductKey() product: string): Promise<DecisionDto> {
    return this.metering.check({ customer, product, feature, quantity: 1 });
  }
}
