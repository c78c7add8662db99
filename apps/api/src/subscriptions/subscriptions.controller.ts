import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiExtraModels, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { CatalogReader } from '@app/catalog';
import type { Customer } from '@app/customers';
import { type Subscription, type SubscriptionOwner, SubscriptionsService } from '@app/subscriptions';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentCustomer, CurrentPrincipal, CurrentSubscription } from '../http/access/current-principal.decorator.js';
import { ResolveCustomer, ResolveSubscription } from '../http/access/owner.guard.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { Etag } from '../http/etag/etag.interceptor.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { optionalDate } from '../http/input/instants.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { ListQuery } from '../http/pagination/list.query.js';
import { Pages } from '../http/pagination/pages.js';
import { AnsweredBySchema } from '../http/routes/route.js';
import { StoredLineDto, StoredLinePageDto } from './dto/preview.dto.js';
import {
  CreateSubscriptionDto,
  SubscriptionDto,
  SubscriptionListQueryDto,
  SubscriptionPageDto,
  SubscriptionQueryDto,
  TimelineEntryDto,
  TimelinePageDto,
} from './dto/subscription.dto.js';
import { assertTermsAllowed, assertTrialAllowed, takesPublicOffers } from './own-terms.js';
import { spanInMs } from './span.js';
import { CheckoutDto } from '../checkouts/dto/checkout.dto.js';
import { PurchaseOperation } from './purchase.operation.js';
import { SubscriptionPresenter } from './subscription-presenter.js';

@ApiTags('Subscriptions')
@ApiCredentials()
@Controller('v1/subscriptions')
export class SubscriptionsController {
  constructor(
    private readonly purchases: PurchaseOperation,
    private readonly subscriptions: SubscriptionsService,
    private readonly catalog: CatalogReader,
    private readonly presenter: SubscriptionPresenter,
    private readonly pages: Pages,
  ) {}

  /**
   * Use it when a customer buys again after its subscription ended, or buys on another product. `startsAt` may
   * schedule a successor of a subscription that is set to end by then. Errors: 404 `plan_not_found` or
   * `coupon_not_found`; 409 `subscription_exists`, `no_price`, `coupon_expired`, `coupon_used_up`,
   * `coupon_not_for_plan` or `coupon_in_other_currency`; 422 `amount_too_large`; 403 `trial_not_allowed` or
   * `terms_not_allowed` when a user sets terms that only the seller may set.
   */
  @Post()
  @Idempotent()
  @Allow({ scope: 'subscriptions:write', users: 'owner' })
  @ResolveCustomer()
  @Etag('version')
  @ApiOperation({ operationId: 'createSubscription', summary: 'Create a subscription' })
  @ApiExtraModels(SubscriptionDto, CheckoutDto)
  @ApiCreatedResponse({
    schema: { oneOf: [{ $ref: getSchemaPath(SubscriptionDto) }, { $ref: getSchemaPath(CheckoutDto) }] },
  })
  @ApiProblems(404, 409)
  async create(
    @CurrentCustomer() customer: Customer,
    @Body() body: CreateSubscriptionDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<SubscriptionDto | CheckoutDto> {
    const {
      plan,
      interval,
      intervalCount,
      currency,
      quantity,
      trialDays,
      autoRenew,
      startsAt,
      billingAnchor,
      endsAt,
      indefinite,
      coupon,
      paymentBehavior,
    } = body;
    assertTrialAllowed(principal, trialDays);
    assertTermsAllowed(principal, { billingAnchor, endsAt, indefinite, coupon });
    const { id: productId } = await this.catalog.getProduct(product);
    const selection = { plan, interval, intervalCount, currency, publicOnly: takesPublicOffers(principal) };
    const span = {
      startsAt: optionalDate(startsAt),
      billingAnchor: optionalDate(billingAnchor),
      endsAt: optionalDate(endsAt),
      indefinite,
    };
    const actor = actorOf(principal);
    return this.purchases.subscribe(
      { customer, productId, selection, quantity, trialDays, autoRenew, ...span, actor },
      { behavior: paymentBehavior, coupon },
    );
  }

  /**
   * Returns live subscriptions by default; filter by `status`, `plan`, `from`, `to` or `testClock`.
   * `expiringWithin=7d` returns those that end without renewal, earliest end first. Error: 404 `product_not_found`.
   */
  @Get()
  @Allow({ scope: 'subscriptions:read', users: 'product_admin', support: 'reads' })
  @ApiOperation({
    operationId: 'listSubscriptions',
    summary: 'List subscriptions, newest first: live ones, or by status',
  })
  async list(
    @Query() query: SubscriptionListQueryDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<SubscriptionPageDto> {
    const binding = { ...query, product, owner: actorOf(principal).id };
    const { id: productId } = await this.catalog.getProduct(product);
    const { status, plan, from, to, testClock: testClockId, expiringWithin } = query;
    const filter = {
      productId,
      status,
      plan,
      from: optionalDate(from),
      to: optionalDate(to),
      testClockId,
      endingWithinMs: spanInMs(expiringWithin),
      scope: principal.scope.filter,
    };
    const page = await this.subscriptions.list(this.pages.request(query, binding), filter);
    return { ...this.pages.answer(page, binding, () => null), data: await this.presenter.many(page.data) };
  }

  /**
   * Returns the subscription with all due transitions applied; with `at`, its state at that instant. The `ETag` is
   * its version: send it as `If-Match` with a command. Errors: 404 `subscription_not_found`, or `history_not_kept`
   * when the events of that time were pruned.
   */
  @Get(':id')
  @Allow({ scope: 'subscriptions:read', users: 'owner', portal: true, support: 'reads' })
  @ResolveSubscription()
  @Etag('version')
  @AnsweredBySchema()
  @ApiOperation({ operationId: 'getSubscription', summary: 'Get a subscription, now or at an earlier instant' })
  @ApiProblems(404)
  async get(
    @CurrentSubscription() subscription: Subscription,
    @Query() { at }: SubscriptionQueryDto,
  ): Promise<SubscriptionDto> {
    return this.presenter.one(await this.subscriptions.recordedAt(subscription, optionalDate(at)));
  }

  /**
   * Use it in support: each entry has type, time, actor, reason, and the state before and after. Time-driven entries
   * have only the changed fields. Error: 404 `subscription_not_found`.
   */
  @Get(':id/timeline')
  @Allow({ scope: 'subscriptions:read', users: 'owner', support: 'reads' })
  @ResolveSubscription({ ownerOnly: true })
  @AnsweredBySchema()
  @ApiOperation({
    operationId: 'getSubscriptionTimeline',
    summary: 'Get the timeline of a subscription: what happened, by whom and why',
  })
  @ApiProblems(404)
  async timeline(
    @CurrentSubscription() { id }: SubscriptionOwner,
    @Query() query: ListQuery,
  ): Promise<TimelinePageDto> {
    const binding = { id };
    return this.pages.answer(
      await this.subscriptions.timeline(id, this.pages.request(query, binding)),
      binding,
      TimelineEntryDto.of,
    );
  }

  /**
   * Returns the credits and charges that changes have caused, for the next invoice. Periods at full price have no
   * line. Error: 404 `subscription_not_found`.
   */
  @Get(':id/lines')
  @Allow({ scope: 'subscriptions:read', users: 'owner', support: 'reads' })
  @ResolveSubscription({ ownerOnly: true })
  @ApiOperation({
    operationId: 'listSubscriptionLines',
    summary: 'List the proration lines of a subscription, oldest first',
  })
  @ApiProblems(404)
  async lines(@CurrentSubscription() { id }: SubscriptionOwner, @Query() query: ListQuery): Promise<StoredLinePageDto> {
    const binding = { linesOf: id };
    return this.pages.answer(
      await this.subscriptions.prorationLines(id, this.pages.request(query, binding)),
      binding,
      StoredLineDto.of,
    );
  }
}
