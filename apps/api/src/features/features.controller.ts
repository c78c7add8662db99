import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { ProductsService } from '@app/catalog';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { ServedByRevision } from '../http/cache/served-by-revision.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { Pages } from '../http/pagination/pages.js';
import { ProductListQueryDto, ProductQueryDto } from '../plans/dto/plan.dto.js';
import { CreateFeatureDto, FeatureDto, FeaturePageDto, UpdateFeatureDto } from './dto/feature.dto.js';

@ApiTags('Catalogue')
@ApiCredentials()
@Controller('v1/features')
export class FeaturesController {
  constructor(
    private readonly products: ProductsService,
    private readonly pages: Pages,
  ) {}

  /** Use it to offer features in an editor of plans. Archived features are left out. Error: 404 `product_not_found`. */
  @Get()
  @Allow({ scope: 'catalog:read', users: 'user', portal: true })
  @ServedByRevision()
  @ApiOperation({ operationId: 'listFeatures', summary: 'List the features of a product, newest first' })
  @ApiProblems(404)
  async list(@Query() query: ProductListQueryDto, @ProductKey() product: string): Promise<FeaturePageDto> {
    return this.pages.ofProduct(query, product, (page) => this.products.listFeatures(product, page), FeatureDto.of);
  }

  /**
   * Returns type, unit and failure policy. To learn whether a customer may use the feature, use `POST /v1/check`.
   * Error: 404 `feature_not_found`.
   */
  @Get(':key')
  @Allow({ scope: 'catalog:read', users: 'user', portal: true })
  @ServedByRevision()
  @ApiOperation({ operationId: 'getFeature', summary: 'Get a feature' })
  @ApiProblems(404)
  async get(
    @Param('key') key: string,
    @Query() _: ProductQueryDto,
    @ProductKey() product: string,
  ): Promise<FeatureDto> {
    return FeatureDto.of(await this.products.getFeature(product, key));
  }

  /**
   * Features come first: a plan grants only features that exist on its product. The type cannot change afterwards.
   * Errors: 404 `product_not_found`; 409 `feature_exists`.
   */
  @Post()
  @Idempotent()
  @Allow({ scope: 'catalog:write', users: 'product_admin' })
  @ApiOperation({ operationId: 'createFeature', summary: 'Create a feature' })
  @ApiProblems(404, 409)
  async create(
    @Body() body: CreateFeatureDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<FeatureDto> {
    const { key, name, type, aggregation, unit, failurePolicy } = body;
    return FeatureDto.of(
      await this.products.createFeature(
        product,
        { key, name, type, aggregation, unit, failurePolicy },
        actorOf(principal),
      ),
    );
  }

  /**
   * Changes the given fields for all plans; key and type never change. A new failure policy applies within two
   * seconds. Error: 404 `feature_not_found`.
   */
  @Patch(':key')
  @Allow({ scope: 'catalog:write', users: 'product_admin' })
  @ApiOperation({ operationId: 'updateFeature', summary: 'Update the name, unit or failure policy of a feature' })
  @ApiProblems(404)
  async update(
    @Param('key') key: string,
    @Body() body: UpdateFeatureDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<FeatureDto> {
    const { name, unit, failurePolicy } = body;
    return FeatureDto.of(
      await this.products.updateFeature(product, key, { name, unit, failurePolicy }, actorOf(principal)),
    );
  }

  /**
   * Every check of it is denied with `feature_disabled`, on every plan, within two seconds. Recorded usage is kept.
   * `POST /v1/catalog/apply` with the feature restores it. Error: 404 `feature_not_found`.
   */
  @Delete(':key')
  @HttpCode(204)
  @Allow({ scope: 'catalog:write', users: 'product_admin' })
  @ApiOperation({ operationId: 'archiveFeature', summary: 'Archive a feature; every check of it is denied' })
  @ApiProblems(404)
  async archive(
    @Param('key') key: string,
    @Query() _: ProductQueryDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<void> {
    await this.products.updateFeature(product, key, { archived: true }, actorOf(principal));
  }
}
