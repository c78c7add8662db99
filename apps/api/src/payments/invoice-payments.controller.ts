import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Principal } from '@app/auth';
import { Allow } from '../http/access/allow.decorator.js';
import { BILLING } from '../http/access/billing-rules.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { IdempotentInCommand, idempotentRequestOf } from '../http/idempotency/idempotency.interceptor.js';
import { withReplayHeader } from '../http/idempotency/replay-header.js';
import { PROVIDER_SECONDS, RequestDeadline } from '../http/in-flight/request-deadline.decorator.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import type { RouteRequest } from '../http/routes/route.js';
import { MarkPaidDto, PayInvoiceDto } from './dto/payment-requests.dto.js';
import { PaymentWithRefundsDto } from './dto/payment.dto.js';
import { PayInvoiceOperation } from './pay-invoice.operation.js';
import { PaymentPresenter } from './payment-presenter.js';

@ApiTags('Billing')
@ApiCredentials()
@Controller('v1/invoices/:id')
export class InvoicePaymentsController {
  constructor(
    private readonly paying: PayInvoiceOperation,
    private readonly presenter: PaymentPresenter,
  ) {}

  /**
   * Charges all that is due on an open or uncollectible invoice, once. A charge that still waits for its payer
   * (`requires_action`) is canceled first. A decline is not an error: check `status` and
   * `failureCode` of the payment. `requires_action`: send the payer to `actionUrl`. `pending`: the outcome follows as
   * an event. Errors: 404 `invoice_not_found` or `payment_method_not_found`; 409 `invoice_status_conflict`,
   * `payment_under_way`, `no_payment_method`, or `no_payment_methods` for a product that is paid by bank transfer; 503
   * `provider_unavailable`.
   */
  @Post('pay')
  @IdempotentInCommand()
  @HttpCode(200)
  @Allow(BILLING.writesOwn)
  @RequestDeadline(PROVIDER_SECONDS)
  @ApiOperation({ operationId: 'payInvoice', summary: 'Pay an invoice now' })
  @ApiProblems(404, 409)
  async pay(
    @UuidParam('id') id: string,
    @Body() { paymentMethod }: PayInvoiceDto,
    @CurrentPrincipal() principal: Principal,
    @Req() request: RouteRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PaymentWithRefundsDto> {
    const once = idempotentRequestOf(request);
    const paid = await this.paying.pay(id, paymentMethod, { principal, once });
    return this.presenter.one(withReplayHeader(reply, paid));
  }

  /**
   * Records that all that is due was paid by bank transfer. The payment has the provider `manual` and the reference. A
   * charge that waits for its payer is canceled first. Errors: 404 `invoice_not_found`; 409 `invoice_status_conflict`
   * or `payment_under_way`; 503 `provider_unavailable`.
   */
  @Post('mark-paid')
  @IdempotentInCommand()
  @HttpCode(200)
  @Allow(BILLING.settles)
  @RequestDeadline(PROVIDER_SECONDS)
  @ApiOperation({ operationId: 'markInvoicePaid', summary: 'Mark an invoice as paid by bank transfer' })
  @ApiProblems(404, 409)
  async markPaid(
    @UuidParam('id') id: string,
    @Body() { reference, reason }: MarkPaidDto,
    @CurrentPrincipal() principal: Principal,
    @Req() request: RouteRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PaymentWithRefundsDto> {
    const once = idempotentRequestOf(request);
    return withReplayHeader(reply, await this.paying.markPaid(id, { reference, reason }, { principal, once }));
  }
}
