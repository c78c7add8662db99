import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '@app/auth';
import { DenialCounts } from '@app/metering';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { optionalDate } from '../http/input/instants.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { AttentionOperation } from './attention.operation.js';
import { AttentionDto, AttentionQueryDto } from './dto/attention.dto.js';
import { DenialStatsDto, DenialStatsQueryDto } from './dto/denials.dto.js';

const RULE = { scope: 'stats:read', users: 'product_admin', support: 'reads' } as const;

@ApiTags('Numbers')
@ApiCredentials()
@Controller('v1/stats')
export class StaffStatsController {
  constructor(
    private readonly attention: AttentionOperation,
    private readonly denials: DenialCounts,
  ) {}

  /**
   * Use it for the start page of a console: past due subscriptions, failed payments, endpoints, drafts and, for callers
   * who see all products, mails, jobs and the results of the nightly checks. Errors: 404 `product_not_found`; 403
   * `product_not_allowed`.
   */
  @Get('attention')
  @Allow(RULE)
  @ApiOperation({ operationId: 'listAttention', summary: 'List what needs attention now' })
  @ApiProblems(404)
  async needed(
    @Query() { product }: AttentionQueryDto,
    @CurrentPrincipal() { scope }: Principal,
  ): Promise<AttentionDto> {
    return { data: await this.attention.list(product, scope) };
  }

  /**
   * Counts denied checks, consumptions and reservations, on customers of test clocks too. Each process stores its
   * counts once a minute, and they are kept for 400 days. The first and the last hour of the range count as a whole.
   * Error: 404 `product_not_found`.
   */
  @Get('denials')
  @Allow(RULE)
  @ApiOperation({
    operationId: 'getDenialStats',
    summary: 'Count the denied decisions of a product over time, by feature and reason',
  })
  @ApiProblems(404)
  async denied(
    @Query() { feature, from, to, by }: DenialStatsQueryDto,
    @ProductKey() product: string,
  ): Promise<DenialStatsDto> {
    const span = { from: optionalDate(from), to: optionalDate(to), by };
    const { rows: data, ...bounds } = await this.denials.ofProduct({ product, feature }, span);
    return { ...bounds, data };
  }
}
