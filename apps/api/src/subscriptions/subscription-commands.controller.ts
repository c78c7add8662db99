import { applyDecorators, Body, Controller, HttpCode, Patch, Post } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { type Command, LifecycleService, type Subscription } from '@app/subscriptions';
import { type AccessRule, Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal, CurrentSubscription } from '../http/access/current-principal.decorator.js';
import { ResolveSubscription } from '../http/access/owner.guard.js';
import { Etag } from '../http/etag/etag.interceptor.js';
import { IfMatch } from '../http/etag/if-match.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { ChangePreviewDto } from './dto/preview.dto.js';
import {
  CancelSubscriptionDto,
  ChangeSubscriptionDto,
  ExtendSubscriptionDto,
  PaymentOutcomeDto,
  ReasonDto,
  RenewSubscriptionDto,
  SubscriptionDto,
  UpdateSubscriptionDto,
} from './dto/subscription.dto.js';
import { assertTermsAllowed, takesPublicOffers } from './own-terms.js';
import { PreviewChangeOperation } from './preview-change.operation.js';
import { SubscriptionPresenter } from './subscription-presenter.js';

const OWNERS: AccessRule = { scope: 'subscriptions:write', users: 'owner' };
const ADMINS: AccessRule = { scope: 'subscriptions:write', users: 'product_admin' };
const REPAIRERS: AccessRule = { ...ADMINS, support: 'repairs' };

/** A command on the subscription in the path: idempotent by key, guarded by `If-Match`, returns the subscription. */
const CommandRoute = (name: string, summary: string, access: AccessRule = OWNERS) =>
  applyDecorators(
    Post(`:id/${name}`),
    Idempotent(),
    HttpCode(200),
    Allow(access),
    ResolveSubscription(),
    Etag('version'),
    ApiParam({ name: 'id', format: 'uuid' }),
    ApiOperation({
      operationId: `${name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())}Subscription`,
      summary,
    }),
    ApiProblems(404, 409, 412),
  );

@ApiTags('Subscriptions')
@ApiCredentials()
@Controller('v1/subscriptions')
export class SubscriptionCommandsController {
  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly previewChangeOperation: PreviewChangeOperation,
    private readonly presenter: SubscriptionPresenter,
  ) {}

  @CommandRoute('change', 'Change plan, interval or quantity, now or at period end; usage is kept')
  change(
    @CurrentSubscription() subscription: Subscription,
    @Body() body: ChangeSubscriptionDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    return this.answer(
      this.lifecycle.change({
        ...commandOf(subscription, principal, body.reason, expectedVersion),
        ...selectionOf(body, principal),
      }),
    );
  }

  @Post(':id/preview-change')
  @HttpCode(200)
  @Allow({ scope: 'subscriptions:read', users: 'owner', support: 'reads' })
  @ResolveSubscription()
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({ operationId: 'previewChange', summary: 'Preview a change: amounts and entitlements; writes nothing' })
  @ApiProblems(404, 409)
  previewChange(
    @CurrentSubscription() subscription: Subscription,
    @Body() body: ChangeSubscriptionDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ChangePreviewDto> {
    return this.previewChangeOperation.preview(subscription, selectionOf(body, principal));
  }

  @CommandRoute('cancel', 'Cancel now or at period end')
  cancel(
    @CurrentSubscription() subscription: Subscription,
    @Body() body: CancelSubscriptionDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    assertTermsAllowed(principal, { credit: body.prorate });
    return this.answer(
      this.lifecycle.cancel(commandOf(subscription, principal, body.reason, expectedVersion), body.when, {
        prorate: body.prorate,
      }),
    );
  }

  @CommandRoute('resume', 'Undo a cancellation at period end or a scheduled change')
  resume(
    @CurrentSubscription() subscription: Subscription,
    @Body() { reason }: ReasonDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    return this.answer(this.lifecycle.resume(commandOf(subscription, principal, reason, expectedVersion)));
  }

  @CommandRoute('pause', 'Pause: checks are denied and the period stops until it is unpaused')
  pause(
    @CurrentSubscription() subscription: Subscription,
    @Body() { reason }: ReasonDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    return this.answer(this.lifecycle.pause(commandOf(subscription, principal, reason, expectedVersion)));
  }

  @CommandRoute('unpause', 'Unpause: continue with the rest of the period')
  unpause(
    @CurrentSubscription() subscription: Subscription,
    @Body() { reason }: ReasonDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    return this.answer(this.lifecycle.unpause(commandOf(subscription, principal, reason, expectedVersion)));
  }

  @CommandRoute('renew', 'Renew manually, or restart an ended subscription')
  renew(
    @CurrentSubscription() subscription: Subscription,
    @Body() { when = 'period_end', reason }: RenewSubscriptionDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    assertTermsAllowed(principal, { renewNow: when === 'now' });
    return this.answer(this.lifecycle.renew(commandOf(subscription, principal, reason, expectedVersion), when));
  }

  @CommandRoute('extend', 'Extend the period or the trial without charge', REPAIRERS)
  extend(
    @CurrentSubscription() subscription: Subscription,
    @Body() { to, reason }: ExtendSubscriptionDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    return this.answer(
      this.lifecycle.extend(commandOf(subscription, principal, reason, expectedVersion), new Date(to)),
    );
  }

  @CommandRoute('record-payment', 'Record the outcome of a payment', ADMINS)
  recordPayment(
    @CurrentSubscription() subscription: Subscription,
    @Body() { outcome, reason }: PaymentOutcomeDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    return this.answer(
      this.lifecycle.recordPayment(commandOf(subscription, principal, reason, expectedVersion), outcome),
    );
  }

  @Patch(':id')
  @Allow(OWNERS)
  @ResolveSubscription()
  @Etag('version')
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOperation({ operationId: 'updateSubscription', summary: 'Enable or disable automatic renewal' })
  @ApiProblems(404, 409, 412)
  update(
    @CurrentSubscription() subscription: Subscription,
    @Body() { autoRenew, reason }: UpdateSubscriptionDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    return this.answer(
      this.lifecycle.setAutoRenew(commandOf(subscription, principal, reason, expectedVersion), autoRenew),
    );
  }

  private async answer(changed: Promise<Subscription>): Promise<SubscriptionDto> {
    return this.presenter.one(await changed);
  }
}

const commandOf = (
  subscription: Subscription,
  principal: Principal,
  reason: string | undefined,
  expectedVersion: number | undefined,
): Command => ({ subscription, actor: actorOf(principal), reason, expectedVersion });

/** Users get public offers only. */
function selectionOf(
  { plan, interval, intervalCount, quantity, when, prorate }: ChangeSubscriptionDto,
  principal: Principal,
) {
  assertTermsAllowed(principal, { noProration: prorate === false });
  return {
    selection: { plan, interval, intervalCount, publicOnly: takesPublicOffers(principal) },
    quantity,
    when,
    prorate,
  };
}
