import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiParam, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { actorOf, type Principal } from '@app/auth';
import type { Customer } from '@app/customers';
import { MeteringService, UsageSeriesService } from '@app/metering';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentCustomer, CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ResolveCustomer } from '../http/access/owner.guard.js';
import { type UsageRequest, UsageRequestParam } from '../http/access/usage-request.decorator.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { optionalDate } from '../http/input/optional-date.js';
import { Idempotent, IdempotentInCommand } from '../http/idempotency/idempotency.interceptor.js';
import { withReplayHeader } from '../http/idempotency/replay-header.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { RequestDeadline } from '../http/in-flight/request-deadline.decorator.js';
import { CheckOperation } from './check.operation.js';
import { ConsumeOperation } from './consume.operation.js';
import {
  CheckDto,
  ConsumeDto,
  CorrectionDto,
  DecisionDto,
  DecisionListDto,
  JointDecisionDto,
  UsageEventResultsDto,
  UsageEventsDto,
  UsageQueryDto,
  UsageSeriesDto,
  VerifyReportDto,
  VerifyUsageDto,
} from './dto/usage.dto.js';
import { IngestUsageOperation } from './ingest-usage.operation.js';
import { VerifyOperation } from './verify.operation.js';

@ApiTags('Entitlements and usage')
@ApiCredentials()
@ApiProblems(404)
@Controller('v1')
export class UsageController {
  constructor(
    private readonly metering: MeteringService,
    private readonly usageSeries: UsageSeriesService,
    private readonly checks: CheckOperation,
    private readonly consumption: ConsumeOperation,
    private readonly ingestion: IngestUsageOperation,
    private readonly verification: VerifyOperation,
  ) {}

  @Post('check')
  @HttpCode(200)
  @Allow({ scope: 'entitlements:read', users: 'owner', support: 'reads' })
  @ResolveCustomer({ cached: true })
  @ApiOperation({ operationId: 'check', summary: 'Check whether a customer may use a feature now; counts nothing' })
  @ApiExtraModels(DecisionDto, DecisionListDto)
  @ApiOkResponse({
    schema: { oneOf: [{ $ref: getSchemaPath(DecisionDto) }, { $ref: getSchemaPath(DecisionListDto) }] },
  })
  check(
    @CurrentCustomer() customer: Customer,
    @Body() body: CheckDto,
    @ProductKey() product: string,
  ): Promise<DecisionDto | DecisionListDto> {
    return this.checks.check(customer, product, body);
  }

  @Post('usage/consume')
  @HttpCode(200)
  @Allow({ scope: 'usage:write', users: 'owner' })
  @ResolveCustomer({ cached: true })
  @IdempotentInCommand()
  @ApiOperation({ operationId: 'consume', summary: 'Consume units if they are allowed; a denial counts nothing' })
  @ApiExtraModels(JointDecisionDto)
  @ApiOkResponse({
    schema: { oneOf: [{ $ref: getSchemaPath(DecisionDto) }, { $ref: getSchemaPath(JointDecisionDto) }] },
  })
  async consume(
    @UsageRequestParam() request: UsageRequest,
    @Body() body: ConsumeDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DecisionDto | JointDecisionDto> {
    return withReplayHeader(reply, await this.consumption.consume(request, body));
  }

  @Post('usage/events')
  @HttpCode(200)
  @Idempotent()
  @Allow({ scope: 'usage:write', users: 'user' })
  @ApiOperation({
    operationId: 'recordUsage',
    summary: 'Ingest usage events that have happened, without limits; one result for each event',
  })
  async record(
    @Body() body: UsageEventsDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<UsageEventResultsDto> {
    return { results: await this.ingestion.ingest(body.events, product, principal) };
  }

  @Post('usage/corrections')
  @HttpCode(200)
  @Allow({ users: 'product_admin', support: 'repairs' })
  @ResolveCustomer()
  @IdempotentInCommand()
  @ApiOperation({ operationId: 'correctUsage', summary: 'Correct recorded usage, with a reason' })
  @ApiProblems(409)
  async correct(
    @UsageRequestParam() request: UsageRequest,
    @Body() { feature, quantity, at, reason }: CorrectionDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DecisionDto> {
    return withReplayHeader(
      reply,
      await this.metering.correct({ ...request, feature, quantity, at: optionalDate(at), reason }),
    );
  }

  @Post('usage/verify')
  @RequestDeadline(30)
  @HttpCode(200)
  @Idempotent()
  @Allow({ users: 'admin' })
  @ApiOperation({
    operationId: 'verifyUsage',
    summary: 'Verify that counters equal the sums of their ledgers, for a page of customers; optionally rebuild them',
  })
  async verify(@Body() body: VerifyUsageDto, @CurrentPrincipal() principal: Principal): Promise<VerifyReportDto> {
    return VerifyReportDto.of(await this.verification.verify(body, actorOf(principal)));
  }

  @Get('customers/:customer/usage')
  @Allow({ scope: 'usage:read', users: 'owner', support: 'reads' })
  @ResolveCustomer()
  @ApiParam({ name: 'customer', description: 'Key of the customer, or "me".' })
  @ApiOperation({
    operationId: 'getUsage',
    summary: 'Get the usage of a customer over time',
    description:
      "Steps follow the customer's time zone. With millions of ledger entries the first request may return 503; it succeeds once a job has rolled up the ledger, in about a minute.",
  })
  usage(
    @CurrentCustomer() customer: Customer,
    @Query() query: UsageQueryDto,
    @ProductKey() product: string,
  ): Promise<UsageSeriesDto> {
    return this.usageSeries.ofCustomer(
      { customer, product, feature: query.feature },
      { from: optionalDate(query.from), to: optionalDate(query.to), by: query.by },
    );
  }
}
