import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Allow } from '../http/access/allow.decorator.js';
import type { WithPrincipal } from '../http/access/with-principal.js';
import { IdempotentInCommand } from '../http/idempotency/idempotency.interceptor.js';
import { ApiCredentials } from '../http/openapi/problem.dto.js';
import { BatchOperation } from './batch.operation.js';
import { BatchResultsDto, CheckBatchDto, ConsumptionBatchDto } from './dto/batch.dto.js';

@ApiTags('Entitlements and usage')
@ApiCredentials()
@Controller('v1')
export class BatchesController {
  constructor(private readonly batches: BatchOperation) {}

  /**
   * Use it to decide about many customers or features in one request. Each check is independent: its result is the
   * decision, or the problem, that `POST /v1/check` answers, such as `customer_not_found`. Errors: 422
   * `invalid_fields` when a field of any item is not valid.
   */
  @Post('checks')
  @HttpCode(200)
  @Allow({ scope: 'entitlements:read', users: 'user', support: 'reads' })
  @ApiOperation({
    operationId: 'checkBatch',
    summary: 'Check up to 1,000 features of any customers; counts nothing',
  })
  @ApiOkResponse({ type: BatchResultsDto })
  async check(@Body() body: CheckBatchDto, @Req() request: FastifyRequest & WithPrincipal): Promise<BatchResultsDto> {
    return { results: await this.batches.check(body.checks, request) };
  }

  /**
   * Use it to count usage of many customers or features in one request. Each consumption is independent: its result is
   * the decision, or the problem, that `POST /v1/usage/consume` answers. `idempotencyKey` makes one of them safe to
   * repeat; the `Idempotency-Key` header does so for each without its own key, by its position. Errors: 422
   * `invalid_fields` when a field of any item is not valid; nothing is counted then.
   */
  @Post('usage/consumptions')
  @HttpCode(200)
  @Allow({ scope: 'usage:write', users: 'user' })
  @IdempotentInCommand()
  @ApiOperation({
    operationId: 'consumeBatch',
    summary: 'Consume units of up to 1,000 features of any customers; each is counted if it is allowed',
  })
  @ApiOkResponse({ type: BatchResultsDto })
  async consume(
    @Body() body: ConsumptionBatchDto,
    @Req() request: FastifyRequest & WithPrincipal,
  ): Promise<BatchResultsDto> {
    return { results: await this.batches.consume(body.consumptions, request) };
  }
}
