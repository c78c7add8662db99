import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '@app/auth';
import { CheckoutsService } from '@app/billing';
import { Allow } from '../http/access/allow.decorator.js';
import { BILLING } from '../http/access/billing-rules.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { SparseQueryDto } from '../plans/dto/plan.dto.js';
import { CheckoutPresenter } from './checkout-presenter.js';
import { CheckoutDto } from './dto/checkout.dto.js';

@ApiTags('Billing')
@ApiCredentials()
@Controller('v1/checkouts')
export class CheckoutsController {
  constructor(
    private readonly checkouts: CheckoutsService,
    private readonly presenter: CheckoutPresenter,
  ) {}

  /** Returns a checkout with its invoice and the last attempt to pay it. Error: 404 `checkout_not_found`. */
  @Get(':id')
  @Allow(BILLING.readsOwn)
  @ApiOperation({ operationId: 'getCheckout', summary: 'Get a checkout' })
  @ApiProblems(404)
  async get(
    @UuidParam('id') id: string,
    @Query() _: SparseQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CheckoutDto> {
    return this.presenter.one(await this.checkouts.get(id, principal.scope.filter));
  }
}
