import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { BillingProfilesService } from '@app/billing';
import type { Customer } from '@app/customers';
import { Allow } from '../http/access/allow.decorator.js';
import { BILLING } from '../http/access/billing-rules.js';
import { CurrentCustomer, CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ResolveCustomer } from '../http/access/owner.guard.js';
import { Etag } from '../http/etag/etag.interceptor.js';
import { IfMatch } from '../http/etag/if-match.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { assertTermsAllowed } from '../subscriptions/own-terms.js';
import { BillingProfileDto, newBillingProfile, PutBillingProfileDto } from './dto/billing-profile.dto.js';

@ApiTags('Billing')
@ApiCredentials()
@Controller('v1/customers/:customer/billing-profile')
export class BillingProfilesController {
  constructor(private readonly profiles: BillingProfilesService) {}

  /**
   * Before the first `PUT` it has defaults and version 0: the name of the customer, charged automatically. Error: 404
   * `customer_not_found`.
   */
  @Get()
  @Allow(BILLING.readsOwn)
  @ResolveCustomer()
  @Etag('version')
  @ApiOperation({ operationId: 'getBillingProfile', summary: 'Get the billing profile of a customer' })
  @ApiProblems(404)
  async get(@CurrentCustomer() customer: Customer): Promise<BillingProfileDto> {
    return BillingProfileDto.of(await this.profiles.get(customer));
  }

  /**
   * Replaces name, address, tax id, e-mail address and language. `taxExempt`, `collection` and `netDays` stay when they
   * are left out; only API keys and admins may set them. Issued invoices keep their copy. Errors: 404
   * `customer_not_found`; 412 `stale`; 403 `terms_not_allowed`.
   */
  @Put()
  @Allow(BILLING.writesOwn)
  @ResolveCustomer()
  @Etag('version')
  @ApiOperation({ operationId: 'putBillingProfile', summary: 'Replace the billing profile of a customer' })
  @ApiProblems(404, 412)
  async put(
    @CurrentCustomer() { id: customerId }: Customer,
    @Body() body: PutBillingProfileDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<BillingProfileDto> {
    const { taxExempt, collection, netDays } = body;
    assertTermsAllowed(principal, { taxExempt, collection, netDays });
    const command = { customerId, actor: actorOf(principal), expectedVersion };
    return BillingProfileDto.of(await this.profiles.put(command, newBillingProfile(body)));
  }
}
