import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { CatalogService } from '@app/catalog';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
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

  @Get()
  @Allow({ scope: 'catalog:read', users: 'product_admin', support: 'reads' })
  @ApiOperation({
    operationId: 'getCatalog',
    summary: 'Get the catalogue of a product as a document for apply',
  })
  @ApiProblems(404)
  get(@Query() _: ProductQueryDto, @ProductKey() product: string): Promise<CatalogDto> {
    return this.catalog.read(product) as Promise<CatalogDto>;
  }

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
