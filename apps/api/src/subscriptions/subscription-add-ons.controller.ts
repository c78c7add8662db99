import { applyDecorators, Body, Controller, Delete, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { LifecycleService, type Subscription } from '@app/subscriptions';
import { Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal, CurrentSubscription } from '../http/access/current-principal.decorator.js';
import { ResolveSubscription } from '../http/access/owner.guard.js';
import { Etag } from '../http/etag/etag.interceptor.js';
import { IfMatch } from '../http/etag/if-match.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { PutAddOnDto } from './dto/commands.dto.js';
import { SubscriptionDto } from './dto/subscription.dto.js';
import { SubscriptionPresenter } from './subscription-presenter.js';

/** A command on the add-ons of a subscription: sellers only. */
const AddOnRoute = () =>
  applyDecorators(
    Allow({ scope: 'subscriptions:write', users: 'product_admin' }),
    ResolveSubscription(),
    Etag('version'),
    ApiProblems(404, 409, 412),
  );

@ApiTags('Subscriptions')
@ApiCredentials()
@Controller('v1/subscriptions/:id/add-ons')
export class SubscriptionAddOnsController {
  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly presenter: SubscriptionPresenter,
  ) {}

  /**
   * Its entitlements add to those of the plan immediately: limits and credits times quantity, unlimited wins, a switch
   * is on when any of them is on. The subscription keeps a copy of the add-on; the same quantity again changes nothing.
   * Where billing is on, its price is charged with the periods of the plan, and prorated within a period. Errors: 404
   * `add_on_not_found`; 409 `too_many_add_ons`, `subscription_ended` or `transition_not_allowed`; 412 `stale`.
   */
  @Put(':key')
  @AddOnRoute()
  @ApiOperation({
    operationId: 'putSubscriptionAddOn',
    summary: 'Add an add-on to a subscription, or change its quantity',
  })
  async put(
    @CurrentSubscription() subscription: Subscription,
    @Param('key') key: string,
    @Body() { quantity = 1, reason }: PutAddOnDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    const command = { subscription, actor: actorOf(principal), reason, expectedVersion };
    return this.presenter.one(await this.lifecycle.putAddOn(command, key, quantity));
  }

  /**
   * The limits shrink immediately; usage continues to count, also beyond them. Errors: 404 `add_on_not_found`; 409
   * `subscription_ended` or `transition_not_allowed`; 412 `stale`.
   */
  @Delete(':key')
  @AddOnRoute()
  @ApiOperation({
    operationId: 'removeSubscriptionAddOn',
    summary: 'Remove an add-on from a subscription',
  })
  async remove(
    @CurrentSubscription() subscription: Subscription,
    @Param('key') key: string,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    const command = { subscription, actor: actorOf(principal), expectedVersion };
    return this.presenter.one(await this.lifecycle.removeAddOn(command, key));
  }
}
