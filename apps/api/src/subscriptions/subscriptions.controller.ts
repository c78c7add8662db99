import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { actorOf, confinedTo, type Principal } from '@app/auth';
import { CatalogReader } from '@app/catalog';
import type { Customer } from '@app/customers';
import { EnrolmentService, LifecycleService, type Subscription, SubscriptionsService } from '@app/subscriptions';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentCustomer, CurrentPrincipal, CurrentSubscription } from '../http/access/current-principal.decorator.js';
import { OfCustomer, OfSubscription } from '../http/access/owner.guard.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { Etag } from '../http/etag/etag.interceptor.js';
import { IfMatch } from '../http/etag/if-match.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { ListQuery } from '../http/pagination/list.query.js';
import { Pages } from '../http/pagination/pages.js';
import { SparseQueryDto } from '../plans/dto/plan.dto.js';
import {
  CancelSubscriptionDto,
  ChangeSubscriptionDto,
  CreateSubscriptionDto,
  EmptyDto,
  SubscriptionDto,
  SubscriptionListQueryDto,
  SubscriptionPageDto,
  TimelineEntryDto,
  TimelinePageDto,
} from './dto/subscription.dto.js';
import { refuseOwnTrial, takesPublicOffers } from './own-terms.js';
import { spanInMs } from './span.js';
import { SubscriptionPresenter } from './subscription-presenter.js';

@ApiTags('Subscriptions')
@ApiCredentials()
@Controller('v1/subscriptions')
export class SubscriptionsController {
  constructor(
    private readonly enrolment: EnrolmentService,
    private readonly lifecycle: LifecycleService,
    private readonly subscriptions: SubscriptionsService,
    private readonly catalog: CatalogReader,
    private readonly presenter: SubscriptionPresenter,
    private readonly pages: Pages,
  ) {}

  @Post()
  @Idempotent()
  @Allow({ scope: 'subscriptions:write', people: 'owner' })
  @OfCustomer()
  @Etag('version')
  @ApiOperation({ operationId: 'createSubscription', summary: 'Put a customer on a plan' })
  @ApiProblems(404, 409)
  async create(
    @CurrentCustomer() customer: Customer,
    @Body() body: CreateSubscriptionDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<SubscriptionDto> {
    const { plan, interval, intervalCount, currency, quantity, trialDays, autoRenew } = body;
    refuseOwnTrial(principal, trialDays);
    const { id: productId } = await this.catalog.getProduct(product);
    const wish = { plan, interval, intervalCount, currency, publicOnly: takesPublicOffers(principal) };
    const subscription = await this.enrolment.subscribe({ customer, productId, wish, quantity, trialDays, autoRenew, actor: actorOf(principal) });
    return this.presenter.one(subscription, customer);
  }

  @Get()
  @Allow({ scope: 'subscriptions:read', people: 'admin' })
  @ApiOperation({ operationId: 'listSubscriptions', summary: 'List live subscriptions, newest first' })
  async list(@Query() query: SubscriptionListQueryDto, @ProductKey() product: string, @CurrentPrincipal() principal: Principal): Promise<SubscriptionPageDto> {
    const binding = { ...query, product, owner: actorOf(principal).id };
    const { id: productId } = await this.catalog.getProduct(product);
    const filter = { productId, endingWithinMs: spanInMs(query.expiringWithin), customerId: confinedTo(principal) };
    const page = await this.subscriptions.list(this.pages.request(query, binding), filter);
    return { ...this.pages.answer(page, binding, () => null), data: await this.presenter.many(page.data) };
  }

  @Get(':id')
  @Allow({ scope: 'subscriptions:read', people: 'owner' })
  @OfSubscription()
  @Etag('version')
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({ operationId: 'getSubscription', summary: 'Read one subscription' })
  @ApiProblems(404)
  get(@CurrentSubscription() subscription: Subscription, @Query() _: SparseQueryDto): Promise<SubscriptionDto> {
    return this.presenter.one(subscription);
  }

  @Post(':id/change')
  @Idempotent()
  @HttpCode(200)
  @Allow({ scope: 'subscriptions:write', people: 'owner' })
  @OfSubscription()
  @Etag('version')
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({ operationId: 'changeSubscription', summary: 'Change plan, interval or quantity, now or at the end of the period', description: 'Usage goes on counting; the price is told, not yet prorated.' })
  @ApiProblems(404, 409, 412)
  async change(
    @CurrentSubscription() subscription: Subscription,
    @Body() body: ChangeSubscriptionDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    const { plan, interval, intervalCount, quantity, when } = body;
    const wish = { plan, interval, intervalCount, publicOnly: takesPublicOffers(principal) };
    return this.presenter.one(await this.lifecycle.change({ subscription, wish, quantity, when, actor: actorOf(principal), expectedVersion }));
  }

  @Post(':id/cancel')
  @Idempotent()
  @HttpCode(200)
  @Allow({ scope: 'subscriptions:write', people: 'owner' })
  @OfSubscription()
  @Etag('version')
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({ operationId: 'cancelSubscription', summary: 'Cancel, now or at the end of the period' })
  @ApiProblems(404, 409, 412)
  async cancel(
    @CurrentSubscription() subscription: Subscription,
    @Body() body: CancelSubscriptionDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    const command = { subscription, actor: actorOf(principal), expectedVersion, reason: body.reason };
    return this.presenter.one(await this.lifecycle.cancel(command, body.when));
  }

  @Post(':id/resume')
  @Idempotent()
  @HttpCode(200)
  @Allow({ scope: 'subscriptions:write', people: 'owner' })
  @OfSubscription()
  @Etag('version')
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({ operationId: 'resumeSubscription', summary: 'Undo a cancellation at period end or a scheduled change' })
  @ApiProblems(404, 409, 412)
  async resume(
    @CurrentSubscription() subscription: Subscription,
    @Body() _: EmptyDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    return this.presenter.one(await this.lifecycle.resume({ subscription, actor: actorOf(principal), expectedVersion }));
  }

  @Get(':id/timeline')
  @Allow({ scope: 'subscriptions:read', people: 'owner' })
  @OfSubscription()
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({ operationId: 'getSubscriptionTimeline', summary: 'What happened, who, why, in order' })
  @ApiProblems(404)
  async timeline(@CurrentSubscription() { id }: Subscription, @Query() query: ListQuery): Promise<TimelinePageDto> {
    const binding = { id };
    return this.pages.answer(await this.subscriptions.timeline(id, this.pages.request(query, binding)), binding, TimelineEntryDto.of);
  }
}
