import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CustomerAccountsService } from '@app/accounts';
import { actorOf, type Principal } from '@app/auth';
import { CouponRedemptions } from '@app/billing';
import { CatalogReader } from '@app/catalog';
import type { Customer } from '@app/customers';
import type { CachedSnapshot } from '@app/entitlements';
import { SubscriptionsService } from '@app/subscriptions';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentCustomer, CurrentPrincipal, CurrentSnapshot } from '../http/access/current-principal.decorator.js';
import { ResolveCustomer } from '../http/access/owner.guard.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { Etag } from '../http/etag/etag.interceptor.js';
import { optionalDate } from '../http/input/instants.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { Pages } from '../http/pagination/pages.js';
import { AnsweredBySchema } from '../http/routes/route.js';
import { SparseQueryDto } from '../plans/dto/plan.dto.js';
import {
  HistoryQueryDto,
  LiveQueryDto,
  SubscriptionDto,
  SubscriptionPageDto,
} from '../subscriptions/dto/subscription.dto.js';
import { SubscriptionPresenter } from '../subscriptions/subscription-presenter.js';
import {
  CustomerDto,
  CustomerPageDto,
  CustomerWithSubscriptionDto,
  ListCustomersQueryDto,
  PutCustomerDto,
} from './dto/customer.dto.js';
import { ListCustomersOperation } from './list-customers.operation.js';
import { LiveSubscriptionOperation } from './live-subscription.operation.js';

const PUT_STATUS = { created: 201, updated: 200 } as const;

@ApiTags('Customers')
@ApiCredentials()
@Controller('v1/customers')
export class CustomersController {
  constructor(
    private readonly customers: ListCustomersOperation,
    private readonly subscriptions: SubscriptionsService,
    private readonly liveSubscriptions: LiveSubscriptionOperation,
    private readonly accounts: CustomerAccountsService,
    private readonly coupons: CouponRedemptions,
    private readonly catalog: CatalogReader,
    private readonly presenter: SubscriptionPresenter,
    private readonly pages: Pages,
  ) {}

  /**
   * Call it when an account is created in your system, with a key that you derive from it. The first call creates the
   * customer with a subscription on the plan that region and device type choose, in the same transaction; later calls
   * change the given fields. Errors: 404 `product_not_found`, `plan_not_found`, `coupon_not_found` or
   * `test_clock_not_found`; 409 `no_plan_assigned` when no assignment rule matches, `no_price`, `coupon_expired`,
   * `coupon_used_up`, `coupon_not_for_plan`, `coupon_in_other_currency` or `test_clock_fixed`.
   */
  @Put(':customer')
  @Allow({ scope: 'customers:write', users: 'product_admin' })
  @ApiOperation({
    operationId: 'putCustomer',
    summary: 'Create or update a customer by your own key; safe to repeat',
  })
  @ApiOkResponse({ type: CustomerWithSubscriptionDto, description: 'Updated' })
  @ApiCreatedResponse({ type: CustomerWithSubscriptionDto, description: 'Created' })
  @ApiProblems(404, 409)
  async put(
    @Param('customer') key: string,
    @Body() body: PutCustomerDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CustomerWithSubscriptionDto> {
    const { plan, interval, testClock, coupon, product: _, ...profile } = body;
    const onCreated = this.coupons.onCreated(coupon, actorOf(principal));
    const { customer, subscription, outcome } = await this.accounts.put(
      { key, profile, product, plan, interval, testClock, onCreated },
      principal,
    );
    void reply.status(PUT_STATUS[outcome]);
    return { ...CustomerDto.of(customer), subscription: await this.presenter.one(subscription, customer) };
  }

  /**
   * A service with a product sees the customers that are, or were, on it. `q` finds customers by the start of their
   * key, e-mail address, name or its second word. Errors: 404 `product_not_found`; 403 `product_not_allowed`.
   */
  @Get()
  @Allow({ scope: 'customers:read', users: 'product_admin', support: 'reads' })
  @ApiOperation({ operationId: 'listCustomers', summary: 'List or find customers, newest first' })
  @ApiProblems(404)
  list(@Query() query: ListCustomersQueryDto, @CurrentPrincipal() principal: Principal): Promise<CustomerPageDto> {
    return this.customers.list(query, principal.scope);
  }

  /**
   * Users read their own customer with `me`. The subscription is a separate object: `GET
   * /v1/customers/{customer}/subscription`. Error: 404 `customer_not_found`.
   */
  @Get(':customer')
  @Allow({ scope: 'customers:read', users: 'owner', portal: true, support: 'reads' })
  @ResolveCustomer()
  @AnsweredBySchema()
  @ApiOperation({ operationId: 'getCustomer', summary: 'Get a customer' })
  @ApiProblems(404)
  get(@CurrentCustomer() customer: Customer, @Query() _: SparseQueryDto): CustomerDto {
    return CustomerDto.of(customer);
  }

  /**
   * Use it for a request of erasure. Cancels the subscriptions and erases personal data; usage and events are kept
   * under ids without a name. Errors: 404 `customer_not_found`; 409 `customer_has_user` when an account logs in as
   * this customer; 409 `customer_of_other_products`.
   */
  @Delete(':customer')
  @HttpCode(204)
  @Allow({ scope: 'customers:write', users: 'product_admin' })
  @ResolveCustomer()
  @ApiOperation({
    operationId: 'deleteCustomer',
    summary: 'Delete a customer: cancels its subscriptions and erases personal data; usage and events are kept',
  })
  @ApiProblems(404, 409)
  async delete(@CurrentCustomer() customer: Customer, @CurrentPrincipal() principal: Principal): Promise<void> {
    await this.accounts.delete(customer.id, principal);
  }

  /**
   * Returns the live subscription with all due transitions applied, whether or not a job has run. With `at` it
   * returns the state at that instant. Errors: 404 `customer_not_found`, `no_subscription` when none is live, or
   * `history_not_kept` when the events of that time were pruned.
   */
  @Get(':customer/subscription')
  @Allow({ scope: 'subscriptions:read', users: 'owner', portal: true, support: 'reads' })
  @ResolveCustomer()
  @Etag('version')
  @AnsweredBySchema()
  @ApiOperation({
    operationId: 'getLiveSubscription',
    summary: 'Get the live subscription of a customer, now or at an earlier instant',
  })
  @ApiProblems(404)
  async live(
    @CurrentCustomer() customer: Customer,
    @CurrentSnapshot() confirmed: CachedSnapshot | null,
    @Query() { at }: LiveQueryDto,
    @ProductKey() product: string,
  ): Promise<SubscriptionDto> {
    const request = { customer, confirmed, product, at: optionalDate(at) };
    return this.presenter.one(await this.liveSubscriptions.get(request), customer);
  }

  /**
   * Use it to show what a customer had before: each row is one subscription, ended ones included. Errors: 404
   * `customer_not_found` or `product_not_found`.
   */
  @Get(':customer/subscriptions')
  @Allow({ scope: 'subscriptions:read', users: 'owner', portal: true, support: 'reads' })
  @ResolveCustomer()
  @AnsweredBySchema()
  @ApiOperation({
    operationId: 'listSubscriptionHistory',
    summary: 'List all subscriptions of a customer on a product, newest first',
  })
  @ApiProblems(404)
  async history(
    @CurrentCustomer() customer: Customer,
    @Query() query: HistoryQueryDto,
    @ProductKey() product: string,
  ): Promise<SubscriptionPageDto> {
    const binding = { ...query, product, customer: customer.id };
    const { id: productId } = await this.catalog.getProduct(product);
    const filter = { productId, status: query.status, from: optionalDate(query.from), to: optionalDate(query.to) };
    const page = await this.subscriptions.history(customer.id, this.pages.request(query, binding), filter);
    return { ...this.pages.answer(page, binding, () => null), data: await this.presenter.many(page.data, customer) };
  }
}
