import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiExtraModels, ApiHeader, ApiOkResponse, ApiOperation, ApiParam, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import type { Customer } from '@app/customers';
import { MeteringService } from '@app/metering';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentCustomer, CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { OfCustomer } from '../http/access/owner.guard.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { optionalDate } from '../http/input/optional-date.js';
import { ReadsOnly } from '../http/idempotency/idempotency.interceptor.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { CheckOperation } from './check.operation.js';
import { CheckDto, ConsumeDto, DecisionDto, DecisionListDto, UsageQueryDto, UsageSeriesDto } from './dto/usage.dto.js';
import { smallProperties } from './properties.js';

@ApiTags('Entitlements and usage')
@ApiCredentials()
@ApiProblems(404)
@Controller('v1')
export class UsageController {
  constructor(
    private readonly metering: MeteringService,
    private readonly checks: CheckOperation,
  ) {}

  @Post('check')
  @HttpCode(200)
  @ReadsOnly()
  @Allow({ scope: 'entitlements:read', people: 'owner' })
  @OfCustomer()
  @ApiOperation({ operationId: 'check', summary: 'May this customer do this now? Counts nothing' })
  @ApiExtraModels(DecisionDto, DecisionListDto)
  @ApiOkResponse({ schema: { oneOf: [{ $ref: getSchemaPath(DecisionDto) }, { $ref: getSchemaPath(DecisionListDto) }] } })
  check(@CurrentCustomer() customer: Customer, @Body() body: CheckDto, @ProductKey() product: string): Promise<DecisionDto | DecisionListDto> {
    return this.checks.run(customer, product, body);
  }

  @Post('usage/consume')
  @HttpCode(200)
  @Allow({ scope: 'usage:write', people: 'owner' })
  @OfCustomer()
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Makes it safe to send again: one effect, the first answer for every repetition.' })
  @ApiOperation({ operationId: 'consume', summary: 'Count usage if, and only if, it is allowed' })
  @ApiOkResponse({ type: DecisionDto })
  consume(@CurrentCustomer() customer: Customer, @Body() body: ConsumeDto, @ProductKey() product: string, @CurrentPrincipal() principal: Principal): Promise<DecisionDto> {
    const { feature, quantity = 1, properties } = body;
    return this.metering.consume({ customer, product, feature, quantity, actor: actorOf(principal), properties: smallProperties(properties) });
  }

  @Get('customers/:customer/usage')
  @Allow({ scope: 'usage:read', people: 'owner' })
  @OfCustomer()
  @ApiParam({ name: 'customer', description: 'Key of the customer, or "me".' })
  @ApiOperation({ operationId: 'getUsage', summary: 'Usage over time' })
  usage(@CurrentCustomer() customer: Customer, @Query() query: UsageQueryDto, @ProductKey() product: string): Promise<UsageSeriesDto> {
    return this.metering.series({ customer, product, feature: query.feature }, { from: optionalDate(query.from), to: optionalDate(query.to), by: query.by });
  }
}
