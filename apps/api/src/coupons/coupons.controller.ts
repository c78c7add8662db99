import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { CouponsService } from '@app/catalog';
import { Allow } from '../http/access/allow.decorator.js';
import { BILLING } from '../http/access/billing-rules.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { Pages } from '../http/pagination/pages.js';
import { ProductListQueryDto, ProductQueryDto } from '../plans/dto/plan.dto.js';
import { CouponDto, CouponPageDto, CreateCouponDto, UpdateCouponDto } from './dto/coupon.dto.js';

@ApiTags('Billing')
@ApiCredentials()
@Controller('v1/coupons')
export class CouponsController {
  constructor(
    private readonly coupons: CouponsService,
    private readonly pages: Pages,
  ) {}

  /** Archived coupons are left out. Error: 404 `product_not_found`. */
  @Get()
  @Allow(BILLING.readsProduct)
  @ApiOperation({ operationId: 'listCoupons', summary: 'List the coupons of a product, newest first' })
  @ApiProblems(404)
  async list(@Query() query: ProductListQueryDto, @ProductKey() product: string): Promise<CouponPageDto> {
    return this.pages.ofProduct(query, product, (page) => this.coupons.list(product, page), CouponDto.of);
  }

  /** Returns the coupon and how often it was redeemed. Error: 404 `coupon_not_found`. */
  @Get(':key')
  @Allow(BILLING.readsProduct)
  @ApiOperation({ operationId: 'getCoupon', summary: 'Get a coupon' })
  @ApiProblems(404)
  async get(@Param('key') key: string, @Query() _: ProductQueryDto, @ProductKey() product: string): Promise<CouponDto> {
    return CouponDto.of(await this.coupons.get(product, key));
  }

  /**
   * Creates a discount that is put on subscriptions with `POST /v1/subscriptions/{id}/coupons`. Errors: 404
   * `product_not_found`; 409 `coupon_exists`.
   */
  @Post()
  @Idempotent()
  @Allow(BILLING.writesProduct)
  @ApiOperation({ operationId: 'createCoupon', summary: 'Create a coupon' })
  @ApiProblems(404, 409)
  async create(
    @Body() { product: _, ...input }: CreateCouponDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CouponDto> {
    return CouponDto.of(await this.coupons.create(product, input, actorOf(principal)));
  }

  /**
   * Changes the given fields. Subscriptions that have redeemed the coupon keep what they were granted. Errors: 404
   * `coupon_not_found`; 409 `coupon_redeemed_more_often` for a `maxRedemptions` below the redemptions so far.
   */
  @Patch(':key')
  @Allow(BILLING.writesProduct)
  @ApiOperation({ operationId: 'updateCoupon', summary: 'Update a coupon' })
  @ApiProblems(404, 409)
  async update(
    @Param('key') key: string,
    @Body() { product: _, ...changes }: UpdateCouponDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CouponDto> {
    return CouponDto.of(await this.coupons.update(product, key, changes, actorOf(principal)));
  }

  /** It can no longer be redeemed; redemptions continue. Error: 404 `coupon_not_found`. */
  @Delete(':key')
  @HttpCode(204)
  @Allow(BILLING.writesProduct)
  @ApiOperation({ operationId: 'archiveCoupon', summary: 'Archive a coupon' })
  @ApiProblems(404)
  async archive(
    @Param('key') key: string,
    @Query() _: ProductQueryDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    await this.coupons.update(product, key, { archived: true }, actorOf(principal));
  }
}
