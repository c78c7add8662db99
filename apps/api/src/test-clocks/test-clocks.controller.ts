import { Body, Controller, Delete, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { TestClockDeletionService } from '@app/accounts';
import { actorOf, type Principal } from '@app/auth';
import { TestClocksService } from '@app/customers';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { Idempotent, IdempotentInCommand, idempotentRequestOf } from '../http/idempotency/idempotency.interceptor.js';
import { withReplayHeader } from '../http/idempotency/replay-header.js';
import { dateOf } from '../http/input/instants.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { ListQuery } from '../http/pagination/list.query.js';
import { Pages } from '../http/pagination/pages.js';
import { RequestDeadline } from '../http/in-flight/request-deadline.decorator.js';
import type { RouteRequest } from '../http/routes/route.js';
import { SparseQueryDto } from '../plans/dto/plan.dto.js';
import { AdvanceClockOperation } from './advance-clock.operation.js';
import { AdvanceTestClockDto, CreateTestClockDto, TestClockDto, TestClockPageDto } from './dto/test-clock.dto.js';

@ApiTags('Test clocks')
@ApiCredentials()
@Controller('v1/test-clocks')
export class TestClocksController {
  constructor(
    private readonly clocks: TestClocksService,
    private readonly advanceClock: AdvanceClockOperation,
    private readonly deletion: TestClockDeletionService,
    private readonly pages: Pages,
  ) {}

  /**
   * Use it to test renewals and expiry without waiting. Pass its id as `testClock` when you create a customer: that
   * customer lives by this clock. It belongs to the product of the API key, if the key has one.
   */
  @Post()
  @Idempotent()
  @Allow({ scope: 'customers:write', users: 'product_admin' })
  @ApiOperation({
    operationId: 'createTestClock',
    summary: 'Create a test clock',
  })
  async create(@Body() { now }: CreateTestClockDto, @CurrentPrincipal() principal: Principal): Promise<TestClockDto> {
    return TestClockDto.of(await this.clocks.create(dateOf(now), principal.scope.filter.productId, actorOf(principal)));
  }

  /** Returns the clocks of the product of the API key, or all of them for admins. */
  @Get()
  @Allow({ scope: 'customers:read', users: 'product_admin', support: 'reads' })
  @ApiOperation({ operationId: 'listTestClocks', summary: 'List test clocks, newest first' })
  async list(@Query() query: ListQuery, @CurrentPrincipal() principal: Principal): Promise<TestClockPageDto> {
    const scope = principal.scope.filter;
    const binding = { clocksOf: scope.productId ?? 'all' };
    return this.pages.answer(
      await this.clocks.list(this.pages.request(query, binding), scope),
      binding,
      TestClockDto.of,
    );
  }

  /** Shows the time that its customers live at. Error: 404 `test_clock_not_found`. */
  @Get(':id')
  @Allow({ scope: 'customers:read', users: 'product_admin', support: 'reads' })
  @ApiOperation({ operationId: 'getTestClock', summary: 'Get a test clock' })
  @ApiProblems(404)
  async get(
    @UuidParam('id') id: string,
    @Query() _: SparseQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<TestClockDto> {
    return TestClockDto.of(await this.clocks.get(id, principal.scope.filter));
  }

  /**
   * Applies trials, renewals, resets, expiries and their events in order, and answers when all of them are done,
   * within two minutes. A clock only moves forward. After an error the clock may show a time in between: repeat the
   * request to continue. Errors: 404 `test_clock_not_found`; 409 `test_clock_advancing`;
   * 422 `invalid_fields` when `to` is not later than the clock.
   */
  @Post(':id/advance')
  @RequestDeadline(120)
  @IdempotentInCommand()
  @HttpCode(200)
  @Allow({ scope: 'customers:write', users: 'product_admin' })
  @ApiOperation({
    operationId: 'advanceTestClock',
    summary: 'Advance a test clock; everything due until then happens in order',
  })
  @ApiProblems(404, 409)
  async advance(
    @UuidParam('id') id: string,
    @Body() { to }: AdvanceTestClockDto,
    @CurrentPrincipal() principal: Principal,
    @Req() request: RouteRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TestClockDto> {
    const caller = { scope: principal.scope.filter, actor: actorOf(principal), once: idempotentRequestOf(request) };
    return TestClockDto.of(withReplayHeader(reply, await this.advanceClock.advance(id, dateOf(to), caller)));
  }

  /**
   * Use it to clean up after a test. Deletes all customers of the clock first, in batches, each as `DELETE
   * /v1/customers/{customer}` does; then the clock. A deletion that was interrupted continues when it is repeated.
   * Errors: 404 `test_clock_not_found`; 409 `test_clock_advancing` while another request advances or deletes the clock;
   * 409 `customer_has_user` or `customer_of_other_products` when a customer of it cannot be deleted.
   */
  @Delete(':id')
  @RequestDeadline(120)
  @HttpCode(204)
  @Allow({ scope: 'customers:write', users: 'product_admin' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({ operationId: 'deleteTestClock', summary: 'Delete a test clock with all of its customers' })
  @ApiProblems(404, 409)
  async delete(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<void> {
    await this.deletion.delete(id, principal);
  }
}
