import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import type { Customer } from '@app/customers';
import { GrantsService } from '@app/entitlements';
import { GrantBalances } from '@app/metering';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentCustomer, CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ResolveCustomer } from '../http/access/owner.guard.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { optionalDate } from '../http/input/instants.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { Pages } from '../http/pagination/pages.js';
import {
  BurnsQueryDto,
  CreateGrantDto,
  GrantBalanceDto,
  GrantBurnDto,
  GrantDto,
  GrantPageDto,
  GrantQueryDto,
  GrantWithBurnsDto,
} from './dto/grant.dto.js';

@ApiTags('Entitlements and usage')
@ApiCredentials()
@ApiProblems(404)
@Controller('v1/customers/:customer/grants')
export class GrantsController {
  constructor(
    private readonly grants: GrantsService,
    private readonly balances: GrantBalances,
    private readonly pages: Pages,
  ) {}

  /**
   * Use it for goodwill, promotions or sold packs: the units are burnt after those that the plan includes. A grant
   * may recur and expire. Errors: 404 `customer_not_found` or `feature_not_found`; 422 `feature_not_metered`.
   */
  @Post()
  @Idempotent()
  @Allow({ scope: 'customers:write', users: 'product_admin', support: 'repairs' })
  @ResolveCustomer()
  @ApiOperation({ operationId: 'createGrant', summary: 'Give a customer units beside the included units of its plan' })
  async give(
    @CurrentCustomer() customer: Customer,
    @Body() body: CreateGrantDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<GrantDto> {
    const { effectiveAt, expiresAt, recurrence, ...rest } = body;
    return GrantDto.of(
      await this.grants.give({
        ...rest,
        customer,
        product,
        effectiveAt: optionalDate(effectiveAt),
        expiresAt: optionalDate(expiresAt),
        recurrence: recurrence && { ...recurrence, anchor: optionalDate(recurrence.anchor) },
        actor: actorOf(principal),
      }),
    );
  }

  /**
   * Shows terms, status and remaining units of each grant, expired and voided ones included. The balances are those
   * that a decision on the feature has in `granted` now. Errors: 404 `customer_not_found`, `product_not_found` or
   * `feature_not_found`.
   */
  @Get()
  @Allow({ scope: 'entitlements:read', users: 'owner', support: 'reads' })
  @ResolveCustomer()
  @ApiOperation({ operationId: 'listGrants', summary: "List a customer's grants on a product, newest first" })
  async list(
    @CurrentCustomer() customer: Customer,
    @Query() query: GrantQueryDto,
    @ProductKey() product: string,
  ): Promise<GrantPageDto> {
    const binding = { ...query, product, grantsOf: customer.id };
    const { feature } = query;
    const { data, hasMore } = await this.grants.list(
      customer,
      { product, feature },
      this.pages.request(query, binding),
    );
    const balanced = await this.balances.of(customer, product, data);
    return this.pages.answer({ data: balanced, hasMore }, binding, GrantBalanceDto.of);
  }

  /**
   * Adds the ledger entries that burnt units of the grant or returned them, newest first, a page at a time. Errors: 404
   * `customer_not_found` or `grant_not_found`.
   */
  @Get(':id')
  @Allow({ scope: 'entitlements:read', users: 'owner', support: 'reads' })
  @ResolveCustomer()
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({ operationId: 'getGrant', summary: 'Get a grant with what is left of it and what burnt it' })
  async get(
    @CurrentCustomer() customer: Customer,
    @UuidParam('id') id: string,
    @Query() query: BurnsQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<GrantWithBurnsDto> {
    const { grant, product } = await this.grants.get(customer, id, principal.scope.filter);
    const binding = { burnsOf: id };
    const [[balanced], burns] = await Promise.all([
      this.balances.of(customer, product, [grant]),
      this.balances.burns(grant, this.pages.request(query, binding)),
    ]);
    return { ...GrantBalanceDto.of(balanced!), burns: this.pages.answer(burns, binding, GrantBurnDto.of) };
  }

  /**
   * Use it for a grant that was given by mistake; units that were burnt stay used. Errors: 404 `grant_not_found`; 409
   * `grant_voided` when it was voided before.
   */
  @Delete(':id')
  @HttpCode(204)
  @Allow({ scope: 'customers:write', users: 'product_admin' })
  @ResolveCustomer()
  @ApiOperation({ operationId: 'voidGrant', summary: 'Void a grant: its remaining units are no longer available' })
  @ApiProblems(409)
  async void(
    @CurrentCustomer() customer: Customer,
    @UuidParam('id') id: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    await this.grants.void(customer, id, { scope: principal.scope.filter, actor: actorOf(principal) });
  }
}
