import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CustomerAccountsService } from '@app/accounts';
import type { Principal } from '@app/auth';
import { CatalogReader } from '@app/catalog';
import type { Customer } from '@app/customers';
import { MembersService, SubscriptionsService } from '@app/subscriptions';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentCustomer, CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ResolveCustomer } from '../http/access/owner.guard.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { Etag } from '../http/etag/etag.interceptor.js';
import { optionalDate } from '../http/input/optional-date.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { Pages } from '../http/pagination/pages.js';
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

const PUT_STATUS = { created: 201, updated: 200 } as const;

@ApiTags('Customers')
@ApiCredentials()
@Controller('v1/customers')
export class CustomersController {
  constructor(
    private readonly members: MembersService,
    private readonly subscriptions: SubscriptionsService,
    private readonly accounts: CustomerAccountsService,
    private readonly catalog: CatalogReader,
    private readonly presenter: SubscriptionPresenter,
    private readonly pages: Pages,
  ) {}

  @Put(':key')
  @Allow({ scope: 'customers:write', users: 'product_admin' })
  @ApiOperation({
    operationId: 'putCustomer',
    summary: 'Create or update a customer by your own key; safe to repeat',
    description: 'A new customer gets the plan assigned by region and device type, in the same transaction.',
  })
  @ApiOkResponse({ type: CustomerWithSubscriptionDto, description: 'Updated' })
  @ApiCreatedResponse({ type: CustomerWithSubscriptionDto, description: 'Created' })
  @ApiProblems(404, 409)
  async put(
    @Param('key') key: string,
    @Body() body: PutCustomerDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CustomerWithSubscriptionDto> {
    const { plan, interval, testClock, product: _, ...profile } = body;
    const { customer, subscription, outcome } = await this.accounts.put(
      { key, profile, product, plan, interval, testClock },
      principal,
    );
    void reply.status(PUT_STATUS[outcome]);
    return { ...CustomerDto.of(customer), subscription: await this.presenter.one(subscription, customer) };
  }

  @Get()
  @Allow({ scope: 'customers:read', users: 'product_admin', support: 'reads' })
  @ApiOperation({ operationId: 'listCustomers', summary: 'List customers, newest first' })
  async list(
    @Query() query: ListCustomersQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CustomerPageDto> {
    const { productKey, filter } = principal.scope;
    const binding = { product: productKey, email: query.email };
    return this.pages.answer(
      await this.members.list(this.pages.request(query, binding), filter, query.email),
      binding,
      CustomerDto.of,
    );
  }

  @Get(':customer')
  @Allow({ scope: 'customers:read', users: 'owner', support: 'reads' })
  @ResolveCustomer()
  @ApiParam({ name: 'customer', description: 'Key of the customer, or "me".' })
  @ApiOperation({ operationId: 'getCustomer', summary: 'Get a customer' })
  @ApiProblems(404)
  get(@CurrentCustomer() customer: Customer, @Query() _: SparseQueryDto): CustomerDto {
    return CustomerDto.of(customer);
  }

  @Delete(':customer')
  @HttpCode(204)
  @Allow({ scope: 'customers:write', users: 'product_admin' })
  @ResolveCustomer()
  @ApiParam({ name: 'customer', description: 'Key of the customer.' })
  @ApiOperation({
    operationId: 'deleteCustomer',
    summary: 'Delete a customer: cancels its subscriptions and erases personal data; usage and events are kept',
  })
  @ApiProblems(404, 409)
  async delete(@CurrentCustomer() customer: Customer, @CurrentPrincipal() principal: Principal): Promise<void> {
    await this.accounts.delete(customer.id, principal);
  }

  @Get(':customer/subscription')
  @Allow({ scope: 'subscriptions:read', users: 'owner', support: 'reads' })
  @ResolveCustomer()
  @Etag('version')
  @ApiParam({ name: 'customer', description: 'Key of the customer, or "me".' })
  @ApiOperation({
    operationId: 'getLiveSubscription',
    summary: 'Get the live subscription of a customer, now or at an earlier instant',
  })
  @ApiProblems(404)
  async live(
    @CurrentCustomer() customer: Customer,
    @Query() { at }: LiveQueryDto,
    @ProductKey() product: string,
  ): Promise<SubscriptionDto> {
    const { id: productId } = await this.catalog.getProduct(product);
    return this.presenter.one(await this.subscriptions.getLive(customer.id, productId, optionalDate(at)), customer);
  }

  @Get(':customer/subscriptions')
  @Allow({ scope: 'subscriptions:read', users: 'owner', support: 'reads' })
  @ResolveCustomer()
  @ApiParam({ name: 'customer', description: 'Key of the customer, or "me".' })
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
