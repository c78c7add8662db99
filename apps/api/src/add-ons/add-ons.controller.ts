import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { AddOnsService } from '@app/catalog';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { ServedByRevision } from '../http/cache/served-by-revision.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { Pages } from '../http/pagination/pages.js';
import { ProductListQueryDto, ProductQueryDto } from '../plans/dto/plan.dto.js';
import { AddOnDto, AddOnPageDto, CreateAddOnDto, UpdateAddOnDto } from './dto/add-on.dto.js';

@ApiTags('Catalogue')
@ApiCredentials()
@Controller('v1/add-ons')
export class AddOnsController {
  constructor(
    private readonly addOns: AddOnsService,
    private readonly pages: Pages,
  ) {}

  /** Use it to offer add-ons. Archived add-ons are left out. Error: 404 `product_not_found`. */
  @Get()
  @Allow({ scope: 'catalog:read', users: 'user', portal: true })
  @ServedByRevision()
  @ApiOperation({ operationId: 'listAddOns', summary: 'List the add-ons of a product, newest first' })
  @ApiProblems(404)
  async list(@Query() query: ProductListQueryDto, @ProductKey() product: string): Promise<AddOnPageDto> {
    return this.pages.ofProduct(query, product, (page) => this.addOns.list(product, page), AddOnDto.of);
  }

  /** Returns prices and entitlements as they are sold now. Error: 404 `add_on_not_found`. */
  @Get(':key')
  @Allow({ scope: 'catalog:read', users: 'user', portal: true })
  @ServedByRevision()
  @ApiOperation({ operationId: 'getAddOn', summary: 'Get an add-on' })
  @ApiProblems(404)
  async get(@Param('key') key: string, @Query() _: ProductQueryDto, @ProductKey() product: string): Promise<AddOnDto> {
    return AddOnDto.of(await this.addOns.get(product, key));
  }

  /**
   * Creates entitlements that are put on subscriptions beside their plan. Where billing is on, its prices are charged
   * with the periods of the plan. Errors: 404 `product_not_found`; 409 `add_on_exists`.
   */
  @Post()
  @Idempotent()
  @Allow({ scope: 'catalog:write', users: 'product_admin' })
  @ApiOperation({ operationId: 'createAddOn', summary: 'Create an add-on' })
  @ApiProblems(404, 409)
  async create(
    @Body() body: CreateAddOnDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<AddOnDto> {
    const { key, name, description, prices, entitlements } = body;
    const input = { key, name, description, prices, entitlements };
    return AddOnDto.of(await this.addOns.create(product, input, actorOf(principal)));
  }

  /**
   * Changes the given fields; lists are replaced. Subscriptions that have the add-on keep the content that they were
   * sold. Error: 404 `add_on_not_found`.
   */
  @Patch(':key')
  @Allow({ scope: 'catalog:write', users: 'product_admin' })
  @ApiOperation({ operationId: 'updateAddOn', summary: 'Update an add-on' })
  @ApiProblems(404)
  async update(
    @Param('key') key: string,
    @Body() body: UpdateAddOnDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<AddOnDto> {
    const { name, description, prices, entitlements } = body;
    const changes = { name, description, prices, entitlements };
    return AddOnDto.of(await this.addOns.update(product, key, changes, actorOf(principal)));
  }

  /** It can no longer be added; subscriptions that have it keep it. Error: 404 `add_on_not_found`. */
  @Delete(':key')
  @HttpCode(204)
  @Allow({ scope: 'catalog:write', users: 'product_admin' })
  @ApiOperation({ operationId: 'archiveAddOn', summary: 'Archive an add-on' })
  @ApiProblems(404)
  async archive(
    @Param('key') key: string,
    @Query() _: ProductQueryDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    await this.addOns.update(product, key, { archived: true }, actorOf(principal));
  }
}
