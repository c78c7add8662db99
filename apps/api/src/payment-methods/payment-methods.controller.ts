import { Body, Controller, Delete, Get, HttpCode, Post, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { PaymentMethodsService } from '@app/billing';
import type { Customer } from '@app/customers';
import { Allow } from '../http/access/allow.decorator.js';
import { BILLING } from '../http/access/billing-rules.js';
import { CurrentCustomer, CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ResolveCustomer } from '../http/access/owner.guard.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { RequestDeadline } from '../http/in-flight/request-deadline.decorator.js';
import { EmptyDto } from '../http/input/empty.dto.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { ListQuery } from '../http/pagination/list.query.js';
import { Pages } from '../http/pagination/pages.js';
import {
  PaymentMethodDto,
  PaymentMethodPageDto,
  PaymentMethodSetupDto,
  StartSetupDto,
} from './dto/payment-method.dto.js';

/** The provider answers within it, or the request fails. */
const PROVIDER_SECONDS = 25;

@ApiTags('Billing')
@ApiCredentials()
@Controller('v1/customers/:customer/payment-methods')
export class PaymentMethodsController {
  constructor(
    private readonly methods: PaymentMethodsService,
    private readonly pages: Pages,
  ) {}

  /**
   * Returns the page of the product's payment provider to which you redirect the browser. The method is stored when the
   * provider reports that it was entered, within seconds, or when a worker finds it there: `payment_method.added`.
   * Errors: 404 `customer_not_found` or `product_not_found`; 409 `billing_off`, `provider_not_configured`, or
   * `no_payment_methods` for bank transfers; 422 `invalid_fields` for a `returnUrl` that is not allowed; 503
   * `provider_unavailable`.
   */
  @Post('setup')
  @Allow(BILLING.writesOwn)
  @ResolveCustomer()
  @RequestDeadline(PROVIDER_SECONDS)
  @ApiOperation({ operationId: 'setupPaymentMethod', summary: 'Start the entry of a payment method' })
  @ApiProblems(404, 409)
  async setup(
    @CurrentCustomer() customer: Customer,
    @Body() { returnUrl }: StartSetupDto,
    @ProductKey() product: string,
    @CurrentPrincipal() { kind }: Principal,
  ): Promise<PaymentMethodSetupDto> {
    return this.methods.startSetup(customer, { product, returnUrl, inPortal: kind === 'portal' });
  }

  /** Removed methods are left out. Error: 404 `customer_not_found`. */
  @Get()
  @Allow(BILLING.readsOwn)
  @ResolveCustomer()
  @ApiOperation({ operationId: 'listPaymentMethods', summary: 'List the payment methods of a customer, newest first' })
  @ApiProblems(404)
  async list(@CurrentCustomer() customer: Customer, @Query() query: ListQuery): Promise<PaymentMethodPageDto> {
    const binding = { ...query, paymentMethodsOf: customer.id };
    const page = await this.methods.list(customer.id, this.pages.request(query, binding));
    return this.pages.answer(page, binding, PaymentMethodDto.of);
  }

  /**
   * The next invoice is charged to it, and overdue invoices within seconds; attempts that are under way are not
   * changed. Errors: 404 `customer_not_found` or `payment_method_not_found`.
   */
  @Put(':id/default')
  @Allow(BILLING.writesOwn)
  @ResolveCustomer()
  @ApiOperation({ operationId: 'setDefaultPaymentMethod', summary: 'Make a payment method the default' })
  @ApiProblems(404)
  async setDefault(
    @CurrentCustomer() customer: Customer,
    @UuidParam('id') id: string,
    @Body() _: EmptyDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<PaymentMethodDto> {
    return PaymentMethodDto.of(await this.methods.setDefault(customer.id, id, actorOf(principal)));
  }

  /**
   * It is detached at the provider, and never charged again. The most recent other method becomes the default. Errors:
   * 404 `customer_not_found` or `payment_method_not_found`; 409 `provider_not_configured`; 503 `provider_unavailable`.
   */
  @Delete(':id')
  @HttpCode(204)
  @Allow(BILLING.writesOwn)
  @ResolveCustomer()
  @RequestDeadline(PROVIDER_SECONDS)
  @ApiOperation({ operationId: 'removePaymentMethod', summary: 'Remove a payment method' })
  @ApiProblems(404, 409)
  async remove(
    @CurrentCustomer() customer: Customer,
    @UuidParam('id') id: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    await this.methods.remove(customer.id, id, actorOf(principal));
  }
}
