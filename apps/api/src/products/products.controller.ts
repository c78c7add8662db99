import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { CatalogReader, ProductsService } from '@app/catalog';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ServedByRevision } from '../http/cache/served-by-revision.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { ListQuery } from '../http/pagination/list.query.js';
import { Pages } from '../http/pagination/pages.js';
import { CreateProductDto, ProductDto, ProductPageDto, UpdateProductDto } from './dto/product.dto.js';

@ApiTags('Catalogue')
@ApiCredentials()
@Controller('v1/products')
export class ProductsController {
  constructor(
    private readonly products: ProductsService,
    private readonly reader: CatalogReader,
    private readonly pages: Pages,
  ) {}

  /** Every user and every key with `catalog:read` sees all products; archived ones are left out. */
  @Get()
  @Allow({ scope: 'catalog:read', users: 'user' })
  @ServedByRevision()
  @ApiOperation({ operationId: 'listProducts', summary: 'List products, newest first' })
  async list(@Query() query: ListQuery): Promise<ProductPageDto> {
    return this.pages.answer(await this.products.list(this.pages.request(query, query)), query, ProductDto.of);
  }

  /** Returns key and name of a product; its plans and features are separate lists. Error: 404 `product_not_found`. */
  @Get(':key')
  @Allow({ scope: 'catalog:read', users: 'user' })
  @ServedByRevision()
  @ApiOperation({ operationId: 'getProduct', summary: 'Get a product' })
  @ApiProblems(404)
  async get(@Param('key') key: string): Promise<ProductDto> {
    return ProductDto.of(await this.reader.getProduct(key));
  }

  /**
   * Use it for a new line of service; its features, plans and keys then belong to it. `POST /v1/catalog/apply`
   * creates a product with its whole catalogue. Error: 409 `product_exists`.
   */
  @Post()
  @Idempotent()
  @Allow({ users: 'admin' })
  @ApiOperation({ operationId: 'createProduct', summary: 'Create a product' })
  @ApiProblems(409)
  async create(@Body() body: CreateProductDto, @CurrentPrincipal() principal: Principal): Promise<ProductDto> {
    return ProductDto.of(await this.products.create(body, actorOf(principal)));
  }

  /**
   * Changes the name that people read; the key never changes. Errors: 404 `product_not_found`; 403
   * `product_not_allowed` for the admin of another product.
   */
  @Patch(':key')
  @Allow({ scope: 'catalog:write', users: 'product_admin' })
  @ApiOperation({ operationId: 'updateProduct', summary: 'Rename a product' })
  @ApiProblems(404)
  async update(
    @Param('key') key: string,
    @Body() body: UpdateProductDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ProductDto> {
    return ProductDto.of(await this.products.update(principal.scope.productNamed(key)!, body, actorOf(principal)));
  }

  /**
   * Its plans are no longer sold, and every check of its features is denied with `feature_disabled`. Subscriptions
   * and usage are kept. Error: 404 `product_not_found`.
   */
  @Delete(':key')
  @HttpCode(204)
  @Allow({ users: 'admin' })
  @ApiOperation({
    operationId: 'archiveProduct',
    summary: 'Archive a product; its plans are no longer sold and its features are denied',
  })
  @ApiProblems(404)
  async archive(@Param('key') key: string, @CurrentPrincipal() principal: Principal): Promise<void> {
    await this.products.update(key, { archived: true }, actorOf(principal));
  }
}
