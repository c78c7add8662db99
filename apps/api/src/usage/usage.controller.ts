import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { actorOf, type Principal } from '@app/auth';
import type { Customer } from '@app/customers';
import { MeteringService } from '@app/metering';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentCustomer, CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ResolveCustomer } from '../http/access/owner.guard.js';
import { type UsageRequest, UsageRequestParam } from '../http/access/usage-request.decorator.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { optionalDate } from '../http/input/instants.js';
import { Idempotent, IdempotentInCommand } from '../http/idempotency/idempotency.interceptor.js';
import { withReplayHeader } from '../http/idempotency/replay-header.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { RequestDeadline } from '../http/in-flight/request-deadline.decorator.js';
import { AnsweredBySchema } from '../http/routes/route.js';
import { CheckOperation } from './check.operation.js';
import { ConsumeOperation } from './consume.operation.js';
import { CheckDto, ConsumeDto, DecisionDto, DecisionListDto, JointDecisionDto } from './dto/usage.dto.js';
import {
  CorrectionDto,
  UsageEventResultsDto,
  UsageEventsDto,
  VerifyReportDto,
  VerifyUsageDto,
} from './dto/usage-records.dto.js';
import { IngestUsageOperation } from './ingest-usage.operation.js';
import { reportOf } from './report.js';
import { VerifyOperation } from './verify.operation.js';

@ApiTags('Entitlements and usage')
@ApiCredentials()
@ApiProblems(404)
@Controller('v1')
export class UsageController {
  constructor(
    private readonly metering: MeteringService,
    private readonly checks: CheckOperation,
    private readonly consumption: ConsumeOperation,
    private readonly ingestion: IngestUsageOperation,
    private readonly verification: VerifyOperation,
  ) {}

  /**
   * Use it to show or hide something. It reserves nothing: to enforce a limit, consume. A denial is 200 with
   * `allowed: false` and a `reason`. With `features` the answer is a list of decisions in the given order. Errors:
   * 404 `customer_not_found` or `feature_not_found`.
   */
  @Post('check')
  @HttpCode(200)
  @Allow({ scope: 'entitlements:read', users: 'owner', support: 'reads' })
  @ResolveCustomer({ cached: true })
  @AnsweredBySchema()
  @ApiOperation({ operationId: 'check', summary: 'Check whether a customer may use a feature now; counts nothing' })
  @ApiExtraModels(DecisionDto, DecisionListDto)
  @ApiOkResponse({
    schema: { oneOf: [{ $ref: getSchemaPath(DecisionDto) }, { $ref: getSchemaPath(DecisionListDto) }] },
  })
  check(
    @CurrentCustomer() customer: Customer,
    @Body() body: CheckDto,
    @ProductKey() product: string,
  ): DecisionDto | Promise<DecisionDto | DecisionListDto> {
    return this.checks.check(customer, product, body);
  }

  /**
   * Call it before the work, with an `Idempotency-Key`: the units are counted if, and only if, `allowed` is true, and
   * a retry gets the first answer. A denial is 200 with `allowed: false` and counts nothing. With `features` all are
   * counted, or none. Errors: 404 `customer_not_found` or `feature_not_found`; 422 `feature_not_metered`.
   */
  @Post('usage/consume')
  @HttpCode(200)
  @Allow({ scope: 'usage:write', users: 'owner' })
  @ResolveCustomer({ cached: true })
  @IdempotentInCommand()
  @AnsweredBySchema()
  @ApiOperation({ operationId: 'consume', summary: 'Consume units if they are allowed; a denial counts nothing' })
  @ApiExtraModels(JointDecisionDto)
  @ApiOkResponse({
    schema: { oneOf: [{ $ref: getSchemaPath(DecisionDto) }, { $ref: getSchemaPath(JointDecisionDto) }] },
  })
  consume(
    @UsageRequestParam() request: UsageRequest,
    @Body() body: ConsumeDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DecisionDto | JointDecisionDto> {
    return this.consumption.consume(request, body).then((result) => withReplayHeader(reply, result));
  }

  /**
   * Use it for usage that has happened already, such as a nightly batch: it is counted beyond any limit, in the
   * window of `occurredAt`. An event with a known `id` of the customer is a `duplicate` and counts once. An invalid
   * event, or one from a time without a live subscription, is `rejected` with a `code`; the others are still recorded.
   * Error: 404 `product_not_found`.
   */
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

  /**
   * Adds units or takes them back when something was counted wrongly; the reason is stored in the audit log. Errors:
   * 404 `customer_not_found` or `feature_not_found`; 409 `exceeds_usage` when more would be taken back than was used;
   * 422 `feature_not_metered`.
   */
  @Post('usage/corrections')
  @HttpCode(200)
  @Allow({ users: 'product_admin', support: 'repairs' })
  @ResolveCustomer()
  @IdempotentInCommand()
  @ApiOperation({ operationId: 'correctUsage', summary: 'Correct recorded usage, with a reason' })
  @ApiProblems(409)
  async correct(
    @UsageRequestParam() request: UsageRequest,
    @Body() { feature, quantity, entity, value, at, reason }: CorrectionDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DecisionDto> {
    return withReplayHeader(
      reply,
      await this.metering.correct({
        ...request,
        feature,
        ...reportOf({ quantity, entity, value }),
        at: optionalDate(at),
        reason,
      }),
    );
  }

  /**
   * Use it after a repair of the database. Compares the counters of a page of customers with the sums of their
   * ledgers, and sets wrong ones with `rebuild`. Continue with `after` until it is null. Error: 404
   * `customer_not_found`.
   */
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
}
