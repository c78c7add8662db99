import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { CatalogService } from '@app/catalog';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { ServedByRevision } from '../http/cache/served-by-revision.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { RequestDeadline } from '../http/in-flight/request-deadline.decorator.js';
import { ProductQueryDto } from '../plans/dto/plan.dto.js';
import { ApplyCatalogQueryDto, CatalogDifferenceDto, CatalogDto } from './dto/catalog.dto.js';

@ApiTags('Catalogue')
@ApiCredentials()
@Controller('v1/catalog')
export class CatalogController {
  constructor(private readonly catalog: CatalogService) {}

  /**
   * Returns products, features, plans and assignment rules in the form that `POST /v1/catalog/apply` takes: use it to
   * put a catalogue under version control. Error: 404 `product_not_found`.
   */
  @Get()
  @Allow({ scope: 'catalog:read', users: 'product_admin', support: 'reads' })
  @ServedByRevision()
  @ApiOperation({
    operationId: 'getCatalog',
    summary: 'Get the catalogue of a product as a document for apply',
  })
  @ApiProblems(404)
  get(@Query() _: ProductQueryDto, @ProductKey() product: string): Promise<CatalogDto> {
    return this.catalog.read(product) as Promise<CatalogDto>;
  }

  /**
   * Makes the catalogue of the product equal to the document, in one transaction: it creates, updates and publishes,
   * and archives what is missing. Applying the same document again changes nothing. `dryRun=true` returns the
   * difference only. Errors: 409 `feature_type_fixed`; 422 `invalid_fields` with the path of each invalid field; 403
   * `product_not_allowed`.
   */
  @Post('apply')
  @RequestDeadline(30)
  @Idempotent()
  @HttpCode(200)
  @Allow({ scope: 'catalog:write', users: 'product_admin' })
  @ApiOperation({ operationId: 'applyCatalog', summary: 'Apply a catalogue document to a product' })
  @ApiProblems(409)
  apply(
    @Body() body: CatalogDto,
    @Query() query: ApplyCatalogQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CatalogDifferenceDto> {
    principal.scope.productNamed(body.product.key);
    return this.catalog.apply(body, { dryRun: query.dryRun === 'true', actor: actorOf(principal) });
  }
}
