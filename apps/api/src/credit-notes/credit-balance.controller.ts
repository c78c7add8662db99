import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '@app/auth';
import type { Customer } from '@app/customers';
import { Allow } from '../http/access/allow.decorator.js';
import { BILLING } from '../http/access/billing-rules.js';
import { CurrentCustomer, CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ResolveCustomer } from '../http/access/owner.guard.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { ListQuery } from '../http/pagination/list.query.js';
import { Pages } from '../http/pagination/pages.js';
import { CreditBalancePageDto } from './dto/credit-balance.dto.js';
import { ReadCreditBalanceOperation } from './read-credit-balance.operation.js';

@ApiTags('Billing')
@ApiCredentials()
@Controller('v1/customers/:customer/credit-balance')
export class CreditBalanceController {
  constructor(
    private readonly reading: ReadCreditBalanceOperation,
    private readonly pages: Pages,
  ) {}

  /**
   * Returns the credit of the customer per product and currency, with its changes, newest first. Credit pays the next
   * invoices before a payment method is charged. Error: 404 `customer_not_found`.
   */
  @Get()
  @Allow(BILLING.readsOwn)
  @ResolveCustomer()
  @ApiOperation({ operationId: 'getCreditBalance', summary: 'Get the credit balance of a customer' })
  @ApiProblems(404)
  async get(
    @CurrentCustomer() customer: Customer,
    @Query() query: ListQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CreditBalancePageDto> {
    const binding = { ...query, creditBalanceOf: customer.id };
    const page = await this.reading.entries(customer, this.pages.request(query, binding), principal);
    const balances = await this.reading.current(customer, principal);
    return { balances, ...this.pages.answer(page, binding, (entry) => entry) };
  }
}
