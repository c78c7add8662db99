import { Body, Controller, Delete, Get, HttpCode, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { BillingSettingsService } from '@app/catalog';
import type { AccessScope } from '@app/kernel';
import { Allow } from '../http/access/allow.decorator.js';
import { BILLING } from '../http/access/billing-rules.js';
import { CurrentPrincipal, CurrentScope } from '../http/access/current-principal.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { BillingSettingsDto, PutBillingSettingsDto } from './dto/billing-settings.dto.js';

/** Apart from the product, which every user may read: settings name the bank account of the seller. */
@ApiTags('Billing')
@ApiCredentials()
@Controller('v1/products/:key/billing')
export class BillingSettingsController {
  constructor(private readonly settings: BillingSettingsService) {}

  /** Errors: 404 `billing_off` for a product that is not billed, `product_not_found`; 403 `product_not_allowed`. */
  @Get()
  @Allow(BILLING.readsProduct)
  @ApiOperation({ operationId: 'getBillingSettings', summary: 'Get the billing settings of a product' })
  @ApiProblems(404)
  async get(@Param('key') key: string, @CurrentScope() scope: AccessScope): Promise<BillingSettingsDto> {
    return BillingSettingsDto.of(await this.settings.get(scope.productNamed(key)!));
  }

  /**
   * Switches billing on, and replaces the settings: omitted ones have their defaults. Periods that begin from now on
   * are invoiced. Errors: 404 `product_not_found`; 403 `product_not_allowed`.
   */
  @Put()
  @Allow(BILLING.writesProduct)
  @ApiOperation({
    operationId: 'putBillingSettings',
    summary: 'Switch billing of a product on, or change its settings',
  })
  @ApiProblems(404)
  async put(
    @Param('key') key: string,
    @Body() body: PutBillingSettingsDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<BillingSettingsDto> {
    return BillingSettingsDto.of(await this.settings.put(principal.scope.productNamed(key)!, body, actorOf(principal)));
  }

  /**
   * Nothing new is invoiced. Issued invoices stay, and can still be paid. Switching off twice changes nothing. Errors:
   * 404 `product_not_found`; 403 `product_not_allowed`.
   */
  @Delete()
  @HttpCode(204)
  @Allow(BILLING.writesProduct)
  @ApiOperation({ operationId: 'deleteBillingSettings', summary: 'Switch billing of a product off' })
  @ApiProblems(404)
  async remove(@Param('key') key: string, @CurrentPrincipal() principal: Principal): Promise<void> {
    await this.settings.remove(principal.scope.productNamed(key)!, actorOf(principal));
  }
}
