import { applyDecorators, Body, Controller, HttpCode, Patch, Post } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { type Command, LifecycleService, type Subscription } from '@app/subscriptions';
import { type AccessRule, Allow } from '../http/access/allow.decorator.js';
import { CurrentPrincipal, CurrentSubscription } from '../http/access/current-principal.decorator.js';
import { ResolveSubscription } from '../http/access/owner.guard.js';
import { Etag } from '../http/etag/etag.interceptor.js';
import { IfMatch } from '../http/etag/if-match.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { dateOf } from '../http/input/instants.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { BillingAnchorPreviewDto, ChangePreviewDto } from './dto/preview.dto.js';
import {
  AgreedEndDto,
  BillingAnchorDto,
  CancelSubscriptionDto,
  ChangeSubscriptionDto,
  ExtendSubscriptionDto,
  PaymentOutcomeDto,
  ReasonDto,
  RenewSubscriptionDto,
  UpdateSubscriptionDto,
} from './dto/commands.dto.js';
import { SubscriptionDto } from './dto/subscription.dto.js';
import { agreedEndOf, billingAnchorOf } from './billing-terms.js';
import { assertTermsAllowed, takesPublicOffers } from './own-terms.js';
import { CheckoutDto } from '../checkouts/dto/checkout.dto.js';
import { PreviewChangeOperation } from './preview-change.operation.js';
import { PurchaseOperation } from './purchase.operation.js';
import { SubscriptionPresenter } from './subscription-presenter.js';

const OWNERS: AccessRule = { scope: 'subscriptions:write', users: 'owner' };
const CUSTOMERS: AccessRule = { ...OWNERS, portal: true };
const ADMINS: AccessRule = { scope: 'subscriptions:write', users: 'product_admin' };
const REPAIRERS: AccessRule = { ...ADMINS, support: 'repairs' };

/** A command on the subscription in the path: idempotent by key, guarded by `If-Match`, returns the subscription. */
const CommandRoute = (name: string, access: AccessRule = OWNERS) =>
  applyDecorators(
    Post(`:id/${name}`),
    Idempotent(),
    HttpCode(200),
    Allow(access),
    ResolveSubscription(),
    Etag('version'),
    ApiProblems(404, 409, 412),
  );

@ApiTags('Subscriptions')
@ApiCredentials()
@Controller('v1/subscriptions')
export class SubscriptionCommandsController {
  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly purchases: PurchaseOperation,
    private readonly previewChangeOperation: PreviewChangeOperation,
    private readonly presenter: SubscriptionPresenter,
  ) {}

  /**
   * `now` takes effect immediately: usage continues to count, and proration lines credit the rest of the old price.
   * `period_end` schedules the change; `resume` undoes it. Call `preview-change` first to show amounts and limits.
   * Errors: 404 `plan_not_found`; 409 `already_on_plan`, `no_price`, `no_period_end`, `end_agreed`,
   * `next_contract_exists` or `transition_not_allowed`; 412 `stale`; 422 `amount_too_large`; 403 `terms_not_allowed`.
   */
  @CommandRoute('change', CUSTOMERS)
  @ApiOperation({
    operationId: 'changeSubscription',
    summary: 'Change plan, interval or quantity, now or at period end; usage is kept',
  })
  @ApiExtraModels(SubscriptionDto, CheckoutDto)
  @ApiOkResponse({
    schema: { oneOf: [{ $ref: getSchemaPath(SubscriptionDto) }, { $ref: getSchemaPath(CheckoutDto) }] },
  })
  change(
    @CurrentSubscription() subscription: Subscription,
    @Body() body: ChangeSubscriptionDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto | CheckoutDto> {
    const command = commandOf(subscription, principal, body.reason, expectedVersion);
    return this.purchases.change({ ...command, ...selectionOf(body, principal) }, body.paymentBehavior);
  }

  /**
   * Takes the body of `change` and decides by the same rules: proration lines, the next charge, the invoice that would
   * come, entitlements gained and lost, and limits that current usage exceeds. Show it before the customer confirms.
   * Errors: 404 `plan_not_found`; 409 as of `change`.
   */
  @Post(':id/preview-change')
  @HttpCode(200)
  @Allow({ scope: 'subscriptions:read', users: 'owner', portal: true, support: 'reads' })
  @ResolveSubscription()
  @ApiOperation({ operationId: 'previewChange', summary: 'Preview a change: amounts and entitlements; writes nothing' })
  @ApiProblems(404, 409)
  previewChange(
    @CurrentSubscription() subscription: Subscription,
    @Body() body: ChangeSubscriptionDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ChangePreviewDto> {
    return this.previewChangeOperation.preview(subscription, selectionOf(body, principal));
  }

  /**
   * `period_end` keeps everything usable until `currentPeriodEnd`, and `resume` undoes it. `now` ends access
   * immediately, without a credit unless `prorate` is set. Errors: 409 `already_canceled`, `no_period_end` or
   * `subscription_ended`; 412 `stale`; 403 `terms_not_allowed`.
   */
  @CommandRoute('cancel', CUSTOMERS)
  @ApiOperation({ operationId: 'cancelSubscription', summary: 'Cancel now or at period end' })
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

  /**
   * Use it when a customer changes its mind before the period ends. For a paused subscription use `unpause`. Errors:
   * 409 `nothing_to_resume`, `next_contract_exists` or `subscription_ended`; 412 `stale`.
   */
  @CommandRoute('resume', CUSTOMERS)
  @ApiOperation({
    operationId: 'resumeSubscription',
    summary: 'Undo a cancellation at period end or a scheduled change',
  })
  resume(
    @CurrentSubscription() subscription: Subscription,
    @Body() { reason }: ReasonDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    return this.answer(this.lifecycle.resume(commandOf(subscription, principal, reason, expectedVersion)));
  }

  /**
   * Every check is denied with `subscription_paused`, and the rest of the period is kept. Errors: 409
   * `subscription_canceled` for one that is set to end, or `transition_not_allowed`; 412 `stale`.
   */
  @CommandRoute('pause')
  @ApiOperation({
    operationId: 'pauseSubscription',
    summary: 'Pause: checks are denied and the period stops until it is unpaused',
  })
  pause(
    @CurrentSubscription() subscription: Subscription,
    @Body() { reason }: ReasonDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    return this.answer(this.lifecycle.pause(commandOf(subscription, principal, reason, expectedVersion)));
  }

  /**
   * Ends of period and trial, and a scheduled change, move by the length of the pause; usage of the period continues
   * to count. Errors: 409 `transition_not_allowed` when it is not paused; 412 `stale`.
   */
  @CommandRoute('unpause')
  @ApiOperation({ operationId: 'unpauseSubscription', summary: 'Unpause: continue with the rest of the period' })
  unpause(
    @CurrentSubscription() subscription: Subscription,
    @Body() { reason }: ReasonDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    return this.answer(this.lifecycle.unpause(commandOf(subscription, principal, reason, expectedVersion)));
  }

  /**
   * Adds a period to a subscription without automatic renewal, starts a period now, or restarts an ended one on its
   * sold terms and under its id. Errors: 409 `renews_by_itself`, `already_renewed` when the period has only just
   * started, `amount_too_large`, `end_agreed`, `superseded` when the customer has a newer subscription, or
   * `subscription_exists`; 412 `stale`; 403 `terms_not_allowed`.
   */
  @CommandRoute('renew')
  @ApiOperation({ operationId: 'renewSubscription', summary: 'Renew manually, or restart an ended subscription' })
  renew(
    @CurrentSubscription() subscription: Subscription,
    @Body() { when = 'period_end', reason }: RenewSubscriptionDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    assertTermsAllowed(principal, { renewNow: when === 'now' });
    return this.answer(this.lifecycle.renew(commandOf(subscription, principal, reason, expectedVersion), when));
  }

  /**
   * Use it to make up for an outage: it moves the end of the period, or of the trial, without a charge. The reason is
   * stored in the timeline. Errors: 409 `no_period_end` or `subscription_ended`; 412 `stale`; 422 `invalid_fields`
   * when `to` is not later than the current end.
   */
  @CommandRoute('extend', REPAIRERS)
  @ApiOperation({ operationId: 'extendSubscription', summary: 'Extend the period or the trial without charge' })
  extend(
    @CurrentSubscription() subscription: Subscription,
    @Body() { to, reason }: ExtendSubscriptionDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    return this.answer(this.lifecycle.extend(commandOf(subscription, principal, reason, expectedVersion), dateOf(to)));
  }

  /**
   * `now`: a period up to the next boundary of the new anchor replaces the rest of the current one, with a credit and a
   * charge. `period_end`: the current period stays, and the next one ends at its first boundary. A trial keeps its end.
   * Usage continues to count. Errors: 409 `billing_anchor_unchanged`, `periods_agreed` while further periods are
   * agreed, `no_period_end`, `end_agreed`, `subscription_canceled`, `subscription_ended` or `transition_not_allowed`;
   * 412 `stale`; 422 unless exactly one of `anchor` and `dayOfMonth` is given.
   */
  @CommandRoute('billing-anchor', ADMINS)
  @ApiOperation({
    operationId: 'moveBillingAnchor',
    summary: 'Move the billing day or anchor, now or from the next period on',
  })
  moveBillingAnchor(
    @CurrentSubscription() subscription: Subscription,
    @Body() body: BillingAnchorDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    return this.answer(
      this.lifecycle.moveBillingAnchor(
        commandOf(subscription, principal, body.reason, expectedVersion),
        billingAnchorOf(body),
      ),
    );
  }

  /**
   * The same function as the move decides: proration lines, total, next charge and the subscription afterwards. Nothing
   * is written. Errors: those of `billing-anchor`.
   */
  @Post(':id/preview-billing-anchor')
  @HttpCode(200)
  @Allow({ scope: 'subscriptions:read', users: 'product_admin', support: 'reads' })
  @ResolveSubscription()
  @ApiOperation({ operationId: 'previewBillingAnchor', summary: 'Preview another billing anchor; writes nothing' })
  @ApiProblems(404, 409)
  previewBillingAnchor(
    @CurrentSubscription() subscription: Subscription,
    @Body() body: BillingAnchorDto,
  ): Promise<BillingAnchorPreviewDto> {
    return this.previewChangeOperation.previewAnchor(subscription, billingAnchorOf(body));
  }

  /**
   * The subscription ends at the agreed end, also within a period, and does not renew beyond it. A later end, or null,
   * gives a cut period its full length again. Errors: 409 `end_unchanged`, `next_contract_exists` when another
   * subscription starts at the present end, `no_period_end`, `subscription_ended` or `transition_not_allowed`; 412
   * `stale`; 422 for an end in the past, or within agreed periods.
   */
  @CommandRoute('agreed-end', ADMINS)
  @ApiOperation({ operationId: 'setAgreedEnd', summary: 'Set, move or remove the agreed end' })
  setAgreedEnd(
    @CurrentSubscription() subscription: Subscription,
    @Body() body: AgreedEndDto,
    @CurrentPrincipal() principal: Principal,
    @IfMatch() expectedVersion?: number,
  ): Promise<SubscriptionDto> {
    return this.answer(
      this.lifecycle.setEnd(commandOf(subscription, principal, body.reason, expectedVersion), agreedEndOf(body)),
    );
  }

  /**
   * Call it from your payment integration. `failed` makes the subscription `past_due`: checks are denied from
   * `graceEndsAt` on, or immediately when it is null. `succeeded` returns it to its former status. Errors: 409
   * `transition_not_allowed` or `subscription_ended`; 412 `stale`.
   */
  @CommandRoute('record-payment', ADMINS)
  @ApiOperation({ operationId: 'recordPaymentSubscription', summary: 'Record the outcome of a payment' })
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

  /**
   * With `autoRenew: false` the subscription expires at the end of its period; periods that were agreed by `renew`
   * are kept. Errors: 409 `auto_renew_unchanged` or `subscription_ended`; 412 `stale`.
   */
  @Patch(':id')
  @Allow(OWNERS)
  @ResolveSubscription()
  @Etag('version')
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
): Command & { subscription: Subscription } => ({ subscription, actor: actorOf(principal), reason, expectedVersion });

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
