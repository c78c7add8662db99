import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { CouponRedemptions } from '@app/billing';
import type { SubscriptionOwner } from '@app/subscriptions';
import { Allow } from '../http/access/allow.decorator.js';
import { BILLING } from '../http/access/billing-rules.js';
import { CurrentPrincipal, CurrentSubscription } from '../http/access/current-principal.decorator.js';
import { ResolveSubscription } from '../http/access/owner.guard.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { ListQuery } from '../http/pagination/list.query.js';
import { Pages } from '../http/pagination/pages.js';
import { CouponRedemptionDto, CouponRedemptionPageDto, RedeemCouponDto } from './dto/coupon-redemption.dto.js';

@ApiTags('Billing')
@ApiCredentials()
@Controller('v1/subscriptions/:id/coupons')
export class SubscriptionCouponsController {
  constructor(
    private readonly redemptions: CouponRedemptions,
    private readonly pages: Pages,
  ) {}

  /**
   * The coupon lowers the periods that begin from now on; redeem it during a trial, or before the period that it should
   * lower. The subscription keeps its terms. Errors: 404 `subscription_not_found` or `coupon_not_found`; 409
   * `coupon_already_redeemed`, `coupon_used_up`, `coupon_expired`, `coupon_not_for_plan`, `coupon_in_other_currency`,
   * `too_many_coupons` (20 at a time) or `subscription_ended`.
   */
  @Post()
  @Idempotent()
  @Allow(BILLING.writesProduct)
  @ResolveSubscription({ ownerOnly: true })
  @ApiOperation({ operationId: 'redeemCoupon', summary: 'Put a coupon on a subscription' })
  @ApiProblems(404, 409)
  async redeem(
    @CurrentSubscription() subscription: SubscriptionOwner,
    @Body() { coupon }: RedeemCouponDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CouponRedemptionDto> {
    return CouponRedemptionDto.of(await this.redemptions.redeem({ subscription, actor: actorOf(principal) }, coupon));
  }

  /** Coupons that were used up or removed have `endedAt`. Error: 404 `subscription_not_found`. */
  @Get()
  @Allow(BILLING.readsOwn)
  @ResolveSubscription({ ownerOnly: true })
  @ApiOperation({ operationId: 'listCouponRedemptions', summary: 'List the coupons of a subscription, newest first' })
  @ApiProblems(404)
  async list(
    @CurrentSubscription() subscription: SubscriptionOwner,
    @Query() query: ListQuery,
  ): Promise<CouponRedemptionPageDto> {
    const binding = { ...query, subscription: subscription.id };
    const page = await this.redemptions.list(subscription, this.pages.request(query, binding));
    return this.pages.answer(page, binding, CouponRedemptionDto.of);
  }

  /**
   * It lowers no further period; a period that it has lowered stays as it is. The redemption stays counted. Errors: 404
   * `subscription_not_found`, or `coupon_redemption_not_found` when the coupon is not on the subscription.
   */
  @Delete(':key')
  @HttpCode(204)
  @Allow(BILLING.writesProduct)
  @ResolveSubscription({ ownerOnly: true })
  @ApiOperation({ operationId: 'removeCoupon', summary: 'Remove a coupon from a subscription' })
  @ApiProblems(404)
  async remove(
    @CurrentSubscription() subscription: SubscriptionOwner,
    @Param('key') key: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    await this.redemptions.remove({ subscription, actor: actorOf(principal) }, key);
  }
}
