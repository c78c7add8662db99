import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { TaxRatesService } from '@app/catalog';
import { Allow } from '../http/access/allow.decorator.js';
import { BILLING } from '../http/access/billing-rules.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { Pages } from '../http/pagination/pages.js';
import { ProductListQueryDto, ProductQueryDto } from '../plans/dto/plan.dto.js';
import { TaxRateDto, TaxRatePageDto, CreateTaxRateDto, UpdateTaxRateDto } from './dto/tax-rate.dto.js';

@ApiTags('Billing')
@ApiCredentials()
@Controller('v1/tax-rates')
export class TaxRatesController {
  constructor(
    private readonly taxRates: TaxRatesService,
    private readonly pages: Pages,
  ) {}

  /** Archived tax rates are left out. Error: 404 `product_not_found`. */
  @Get()
  @Allow(BILLING.readsProduct)
  @ApiOperation({ operationId: 'listTaxRates', summary: 'List the tax rates of a product, newest first' })
  @ApiProblems(404)
  async list(@Query() query: ProductListQueryDto, @ProductKey() product: string): Promise<TaxRatePageDto> {
    return this.pages.ofProduct(query, product, (page) => this.taxRates.list(product, page), TaxRateDto.of);
  }

  /** Returns the tax rate as it applies to new invoices. Error: 404 `tax_rate_not_found`. */
  @Get(':key')
  @Allow(BILLING.readsProduct)
  @ApiOperation({ operationId: 'getTaxRate', summary: 'Get a tax rate' })
  @ApiProblems(404)
  async get(
    @Param('key') key: string,
    @Query() _: ProductQueryDto,
    @ProductKey() product: string,
  ): Promise<TaxRateDto> {
    return TaxRateDto.of(await this.taxRates.get(product, key));
  }

  /**
   * New invoices have it from now on, where it matches the buyer and the line best. Errors: 404 `product_not_found`;
   * 409 `tax_rate_exists`.
   */
  @Post()
  @Idempotent()
  @Allow(BILLING.writesProduct)
  @ApiOperation({ operationId: 'createTaxRate', summary: 'Create a tax rate' })
  @ApiProblems(404, 409)
  async create(
    @Body() { product: _, ...input }: CreateTaxRateDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<TaxRateDto> {
    return TaxRateDto.of(await this.taxRates.create(product, input, actorOf(principal)));
  }

  /**
   * Changes the given fields. Finalized invoices keep the rates they have; for a new percentage on a given day, end the
   * rate with `validUntil` and create another. Error: 404 `tax_rate_not_found`.
   */
  @Patch(':key')
  @Allow(BILLING.writesProduct)
  @ApiOperation({ operationId: 'updateTaxRate', summary: 'Update a tax rate' })
  @ApiProblems(404)
  async update(
    @Param('key') key: string,
    @Body() { product: _, ...changes }: UpdateTaxRateDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<TaxRateDto> {
    return TaxRateDto.of(await this.taxRates.update(product, key, changes, actorOf(principal)));
  }

  /** New invoices do not have it any more. Error: 404 `tax_rate_not_found`. */
  @Delete(':key')
  @HttpCode(204)
  @Allow(BILLING.writesProduct)
  @ApiOperation({ operationId: 'archiveTaxRate', summary: 'Archive a tax rate' })
  @ApiProblems(404)
  async archive(
    @Param('key') key: string,
    @Query() _: ProductQueryDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    await this.taxRates.update(product, key, { archived: true }, actorOf(principal));
  }
}
