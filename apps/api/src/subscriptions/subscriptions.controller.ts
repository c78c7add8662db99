import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { CatalogReader } from '@app/catalog';
import type { Customer } from '@app/customers';
import { EnrolmentService, type Subscription, SubscriptionsService } from '@app/subscriptions';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentCustomer, CurrentPrincipal, CurrentSubscription } from '../http/access/current-principal.decorator.js';
import { ResolveCustomer, ResolveSubscription } from '../http/access/owner.guard.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { Etag } from '../http/etag/etag.interceptor.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { optionalDate } from '../http/input/optional-date.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { ListQuery } from '../http/pagination/list.query.js';
import { Pages } from '../http/pagination/pages.js';
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
import { SubscriptionPresenter } from './subscription-presenter.js';

@ApiTags('Subscriptions')
@ApiCredentials()
@Controller('v1/subscriptions')
export class SubscriptionsController {
  constructor(
    private readonly enrolment: EnrolmentService,
    private readonly subscriptions: SubscriptionsService,
    private readonly catalog: CatalogReader,
    private readonly presenter: SubscriptionPresenter,
    private readonly pages: Pages,
  ) {}

  @Post()
  @Idempotent()
  @Allow({ scope: 'subscriptions:write', users: 'owner' })
  @ResolveCustomer()
  @Etag('version')
  @ApiOperation({ operationId: 'createSubscription', summary: 'Create a subscription' })
  @ApiProblems(404, 409)
  async create(
    @CurrentCustomer() customer: Customer,
    @Body() body: CreateSubscriptionDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<SubscriptionDto> {
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
      indefinite,
    } = body;
    assertTrialAllowed(principal, trialDays);
    assertTermsAllowed(principal, { billingAnchor, indefinite });
    const { id: productId } = await this.catalog.getProduct(product);
    const selection = { plan, interval, intervalCount, currency, publicOnly: takesPublicOffers(principal) };
    const starts = { startsAt: optionalDate(startsAt), billingAnchor: optionalDate(billingAnchor), indefinite };
    const subscription = await this.enrolment.subscribe({
      customer,
      productId,
      selection,
      quantity,
      trialDays,
      autoRenew,
      ...starts,
      actor: actorOf(principal),
    });
    return this.presenter.one(subscription, customer);
  }

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

  @Get(':id')
  @Allow({ scope: 'subscriptions:read', users: 'owner', support: 'reads' })
  @ResolveSubscription()
  @Etag('version')
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({ operationId: 'getSubscription', summary: 'Get a subscription, now or at an earlier instant' })
  @ApiProblems(404)
  async get(
    @CurrentSubscription() subscription: Subscription,
    @Query() { at }: SubscriptionQueryDto,
  ): Promise<SubscriptionDto> {
    return this.presenter.one(await this.subscriptions.recordedAt(subscription, optionalDate(at)));
  }

  @Get(':id/timeline')
  @Allow({ scope: 'subscriptions:read', users: 'owner', support: 'reads' })
  @ResolveSubscription()
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({
    operationId: 'getSubscriptionTimeline',
    summary: 'Get the timeline of a subscription: what happened, by whom and why',
  })
  @ApiProblems(404)
  async timeline(@CurrentSubscription() { id }: Subscription, @Query() query: ListQuery): Promise<TimelinePageDto> {
    const binding = { id };
    return this.pages.answer(
      await this.subscriptions.timeline(id, this.pages.request(query, binding)),
      binding,
      TimelineEntryDto.of,
    );
  }

  @Get(':id/lines')
  @Allow({ scope: 'subscriptions:read', users: 'owner', support: 'reads' })
  @ResolveSubscription()
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({
    operationId: 'listSubscriptionLines',
    summary: 'List the proration lines of a subscription, oldest first',
  })
  @ApiProblems(404)
  async lines(@CurrentSubscription() { id }: Subscription, @Query() query: ListQuery): Promise<StoredLinePageDto> {
    const binding = { linesOf: id };
    return this.pages.answer(
      await this.subscriptions.prorationLines(id, this.pages.request(query, binding)),
      binding,
      StoredLineDto.of,
    );
  }
}
