import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Principal } from '@app/auth';
import { MeteringService } from '@app/metering';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ResolveCustomer } from '../http/access/owner.guard.js';
import { type UsageRequest, UsageRequestParam } from '../http/access/usage-request.decorator.js';
import { Idempotent, IdempotentInCommand } from '../http/idempotency/idempotency.interceptor.js';
import { withReplayHeader } from '../http/idempotency/replay-header.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';

import { DecisionDto } from '../usage/dto/usage.dto.js';
import { EmptyDto } from '../http/input/empty.dto.js';
import { AnsweredBySchema } from '../http/routes/route.js';
import {
  CommitReservationDto,
  CreateReservationDto,
  HeartbeatDto,
  ReservationDecisionDto,
} from './dto/reservation.dto.js';
import { DecisionCount } from '../usage/decision-count.js';
import { reportOf } from '../usage/report.js';
import { ReservationAccess } from './reservation-access.js';

@ApiTags('Entitlements and usage')
@ApiCredentials()
@ApiProblems(404)
@Controller('v1/usage/reservations')
export class ReservationsController {
  constructor(
    private readonly metering: MeteringService,
    private readonly reservations: ReservationAccess,
    private readonly count: DecisionCount,
  ) {}

  /**
   * Use it for work whose size is known only afterwards: the units are taken out of the limit until they are
   * committed, released, or the reservation expires. A denial is 200 with `allowed: false` and `reservation: null`.
   * Errors: 404 `customer_not_found` or `feature_not_found`; 422 `feature_not_metered`.
   */
  @Post()
  @HttpCode(200)
  @Allow({ scope: 'usage:write', users: 'owner' })
  @ResolveCustomer({ cached: true })
  @IdempotentInCommand()
  @AnsweredBySchema()
  @ApiOperation({ operationId: 'reserve', summary: 'Reserve units if, and only if, they are allowed' })
  async reserve(
    @UsageRequestParam() request: UsageRequest,
    @Body() body: CreateReservationDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReservationDecisionDto> {
    const { feature, quantity, entity, ttlSeconds } = body;
    return this.count.of(
      'reserve',
      withReplayHeader(
        reply,
        await this.metering.reserve({ ...request, feature, ...reportOf({ quantity, entity }), ttlSeconds }),
      ),
      request,
    );
  }

  /**
   * Call it when the work is done: it counts the given units in the window in which they were reserved. Errors: 404
   * `reservation_not_found`; 409 `reservation_expired`, `reservation_settled` when it was committed or released
   * before, or `exceeds_reservation`.
   */
  @Post(':id/commit')
  @HttpCode(200)
  @Idempotent()
  @Allow({ scope: 'usage:write', users: 'user' })
  @AnsweredBySchema()
  @ApiOperation({
    operationId: 'commitReservation',
    summary: 'Count reserved units, all or some, and release the rest',
  })
  @ApiProblems(409)
  async commit(
    @UuidParam('id') id: string,
    @Body() { quantity }: CommitReservationDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<DecisionDto> {
    const { answer } = await this.metering.commit({ ...(await this.reservations.find(id, principal)), quantity });
    return answer;
  }

  /**
   * Call it when the work failed: all reserved units are available again. Errors: 404 `reservation_not_found`; 409
   * `reservation_settled` when it was committed or released before.
   */
  @Post(':id/release')
  @HttpCode(200)
  @Idempotent()
  @Allow({ scope: 'usage:write', users: 'user' })
  @AnsweredBySchema()
  @ApiOperation({ operationId: 'releaseReservation', summary: 'Release reserved units' })
  @ApiProblems(409)
  async release(
    @UuidParam('id') id: string,
    @Body() _: EmptyDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<DecisionDto> {
    const { answer } = await this.metering.release(await this.reservations.find(id, principal));
    return answer;
  }

  /**
   * Call it while long work continues, well before `expiresAt`. Errors: 404 `reservation_not_found`; 409
   * `reservation_expired` or `reservation_settled`.
   */
  @Post(':id/heartbeat')
  @HttpCode(200)
  @Idempotent()
  @Allow({ scope: 'usage:write', users: 'user' })
  @AnsweredBySchema()
  @ApiOperation({
    operationId: 'prolongReservation',
    summary: 'Extend a reservation',
  })
  @ApiProblems(409)
  async heartbeat(
    @UuidParam('id') id: string,
    @Body() { ttlSeconds }: HeartbeatDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ReservationDecisionDto> {
    const { answer } = await this.metering.heartbeat({ ...(await this.reservations.find(id, principal)), ttlSeconds });
    return answer;
  }
}
