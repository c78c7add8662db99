import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '@app/auth';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ApiCredentials } from '../http/openapi/problem.dto.js';
import { SearchQueryDto, SearchResultDto } from './dto/search.dto.js';
import { SearchOperation } from './search.operation.js';

@ApiTags('Customers')
@ApiCredentials()
@Controller('v1/search')
export class SearchController {
  constructor(private readonly search: SearchOperation) {}

  /**
   * Use it for one search box: hits are grouped by type, customers first, and the object with exactly this key or
   * number is the first of its type. A caller finds only objects of the types and products that it may read.
   */
  @Get()
  @Allow({ scope: 'customers:read', users: 'product_admin', support: 'reads', finance: 'reads' })
  @ApiOperation({
    operationId: 'search',
    summary: 'Find customers, subscriptions, invoices and objects of the catalogue by one text',
  })
  async find(@Query() query: SearchQueryDto, @CurrentPrincipal() principal: Principal): Promise<SearchResultDto> {
    return { data: await this.search.find(query, principal) };
  }
}
