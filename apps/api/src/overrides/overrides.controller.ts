import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import type { Customer } from '@app/customers';
import { OverridesService } from '@app/entitlements';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentCustomer, CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ResolveCustomer } from '../http/access/owner.guard.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { optionalDate } from '../http/input/instants.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { Pages } from '../http/pagination/pages.js';
import {
  OverrideDto,
  OverridePageDto,
  OverrideQueryDto,
  RemoveOverrideQueryDto,
  SetOverrideDto,
} from './dto/override.dto.js';

@ApiTags('Entitlements and usage')
@ApiCredentials()
@ApiProblems(404)
@Controller('v1/customers/:customer/overrides')
export class OverridesController {
  constructor(
    private readonly overrides: OverridesService,
    private readonly pages: Pages,
  ) {}

  /**
   * Use it to see which individual agreements a customer has. An expired override is listed too, until it is replaced
   * or removed. Errors: 404 `customer_not_found`, `product_not_found` or `feature_not_found`; 400 `invalid_cursor`.
   */
  @Get()
  @Allow({ scope: 'entitlements:read', users: 'owner', support: 'reads' })
  @ResolveCustomer()
  @ApiOperation({
    operationId: 'listOverrides',
    summary: "List a customer's overrides on a product, newest feature first",
  })
  async list(
    @CurrentCustomer() customer: Customer,
    @Query() query: OverrideQueryDto,
    @ProductKey() product: string,
  ): Promise<OverridePageDto> {
    const binding = { ...query, product, overridesOf: customer.id };
    const page = await this.overrides.list(
      { customer, product, feature: query.feature },
      this.pages.request(query, binding),
    );
    return this.pages.answer(page, binding, OverrideDto.of);
  }

  /**
   * Use it for an individual agreement: the given terms replace those of any plan for this feature, until the
   * override is removed or expires. A second call replaces the first. Errors: 404 `customer_not_found` or
   * `feature_not_found`; 422 `invalid_fields` for terms that do not fit the type of the feature.
   */
  @Put(':feature')
  @Allow({ scope: 'customers:write', users: 'product_admin', support: 'repairs' })
  @ResolveCustomer()
  @ApiOperation({ operationId: 'setOverride', summary: 'Set terms of one customer in place of its plan' })
  async set(
    @CurrentCustomer() customer: Customer,
    @Param('feature') feature: string,
    @Body() body: SetOverrideDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<OverrideDto> {
    const { product: _, expiresAt, reason, ...terms } = body;
    const { override } = await this.overrides.set({
      customer,
      product,
      feature,
      terms,
      expiresAt: optionalDate(expiresAt),
      reason,
      actor: actorOf(principal),
    });
    return OverrideDto.of({ ...override, feature });
  }

  /**
   * The terms of the plan apply to the very next decision; usage of the window is kept. Errors: 404
   * `customer_not_found`, `feature_not_found` or `override_not_found`.
   */
  @Delete(':feature')
  @HttpCode(204)
  @Allow({ scope: 'customers:write', users: 'product_admin' })
  @ResolveCustomer()
  @ApiOperation({ operationId: 'removeOverride', summary: 'Remove an override: the terms of the plan apply again' })
  async remove(
    @CurrentCustomer() customer: Customer,
    @Param('feature') feature: string,
    @Query() _: RemoveOverrideQueryDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    await this.overrides.remove({ customer, product, feature, actor: actorOf(principal) });
  }
}
