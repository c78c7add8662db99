import { Body, Controller, Get, HttpCode, Post, Query, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { actorOf, type Principal } from '@app/auth';
import { Refunds } from '@app/billing';
import { Allow } from '../http/access/allow.decorator.js';
import { BILLING } from '../http/access/billing-rules.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { Pages } from '../http/pagination/pages.js';
import { SparseQueryDto } from '../plans/dto/plan.dto.js';
import { PaymentExportQueryDto, PaymentListQueryDto, RefundPaymentDto } from './dto/payment-requests.dto.js';
import { PaymentPageDto, PaymentWithRefundsDto } from './dto/payment.dto.js';
import { PaymentPresenter } from './payment-presenter.js';
import { ReadPaymentsOperation } from './read-payments.operation.js';

const CSV = 'text/csv';

@ApiTags('Billing')
@ApiCredentials()
@Controller('v1/payments')
export class PaymentsController {
  constructor(
    private readonly reading: ReadPaymentsOperation,
    private readonly refunds: Refunds,
    private readonly presenter: PaymentPresenter,
    private readonly pages: Pages,
  ) {}

  /**
   * Users get only the payments of the customer that they belong to. Filter by customer, product, invoice, status and
   * creation. Errors: 404 `customer_not_found` or `product_not_found`; 403 `product_not_allowed`.
   */
  @Get()
  @Allow(BILLING.lists)
  @ApiOperation({ operationId: 'listPayments', summary: 'List payments, newest first' })
  @ApiProblems(404)
  async list(@Query() query: PaymentListQueryDto, @CurrentPrincipal() principal: Principal): Promise<PaymentPageDto> {
    const filter = await this.reading.filterOf(query, principal);
    const binding = { payments: filter, owner: actorOf(principal).id };
    const page = await this.reading.list(filter, this.pages.request(query, binding));
    return this.pages.answer(page, binding, (payment) => payment);
  }

  /**
   * Takes the filters of the list and streams all matching payments as one CSV file. Cells that a spreadsheet would
   * read as a formula are marked as text. Errors: 404 `customer_not_found` or `product_not_found`.
   */
  @Get('export')
  @Allow(BILLING.lists)
  @ApiOperation({ operationId: 'exportPayments', summary: 'Export payments as CSV' })
  @ApiProduces(CSV)
  @ApiOkResponse({ content: { [CSV]: { schema: { type: 'string' } } } })
  @ApiProblems(404)
  async export(
    @Query() query: PaymentExportQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<StreamableFile> {
    const filter = await this.reading.filterOf(query, principal);
    return new StreamableFile(this.reading.export(filter, principal), {
      type: CSV,
      disposition: 'attachment; filename="payments.csv"',
    });
  }

  /** Returns the payment with its refunds. Error: 404 `payment_not_found`. */
  @Get(':id')
  @Allow(BILLING.readsOwn)
  @ApiOperation({ operationId: 'getPayment', summary: 'Get a payment' })
  @ApiProblems(404)
  async get(
    @UuidParam('id') id: string,
    @Query() _: SparseQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<PaymentWithRefundsDto> {
    return this.presenter.one(await this.reading.get(id, principal));
  }

  /**
   * Pays the amount back: what no invoice needed first, from the credit balance, the rest through a credit note against
   * the invoice. The refund is `pending` in the answer: it is made at the provider within seconds, and
   * `payment.refunded` follows. Errors: 404 `payment_not_found`; 409 `payment_not_refundable`, or `refund_too_large`
   * with what is left as `refundable`.
   */
  @Post(':id/refund')
  @Idempotent()
  @HttpCode(200)
  @Allow(BILLING.settles)
  @ApiOperation({ operationId: 'refundPayment', summary: 'Refund a payment in full or part' })
  @ApiProblems(404, 409)
  async refund(
    @UuidParam('id') id: string,
    @Body() { amount, reason }: RefundPaymentDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<PaymentWithRefundsDto> {
    const payment = await this.reading.get(id, principal);
    const actor = actorOf(principal);
    return this.presenter.one(await this.refunds.refund(payment, { amount, reason, actor }));
  }
}
