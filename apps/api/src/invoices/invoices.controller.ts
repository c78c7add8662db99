import { Body, Controller, Get, HttpCode, Post, Query, Req, Res, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { actorOf, type Principal } from '@app/auth';
import { InvoicesService } from '@app/billing';
import { Allow } from '../http/access/allow.decorator.js';
import { BILLING } from '../http/access/billing-rules.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { ProductKey } from '../http/access/product-key.decorator.js';
import { Idempotent, IdempotentInCommand, idempotentRequestOf } from '../http/idempotency/idempotency.interceptor.js';
import { withReplayHeader } from '../http/idempotency/replay-header.js';
import { PROVIDER_SECONDS, RequestDeadline } from '../http/in-flight/request-deadline.decorator.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { Pages } from '../http/pagination/pages.js';
import type { RouteRequest } from '../http/routes/route.js';
import { SparseQueryDto } from '../plans/dto/plan.dto.js';
import { CloseInvoiceOperation } from './close-invoice.operation.js';
import { CreateInvoiceOperation } from './create-invoice.operation.js';
import {
  CreateInvoiceDto,
  InvoiceExportQueryDto,
  InvoiceListQueryDto,
  InvoiceReasonDto,
  RequiredReasonDto,
} from './dto/invoice-requests.dto.js';
import { InvoiceDto, InvoicePageDto } from './dto/invoice.dto.js';
import { InvoicePreviewDto, PreviewInvoiceDto } from './dto/preview-invoice.dto.js';
import { InvoicePresenter } from './invoice-presenter.js';
import { PreviewInvoiceOperation } from './preview-invoice.operation.js';
import { ReadInvoicesOperation } from './read-invoices.operation.js';

const CSV = 'text/csv';

@ApiTags('Billing')
@ApiCredentials()
@Controller('v1/invoices')
export class InvoicesController {
  constructor(
    private readonly invoices: InvoicesService,
    private readonly reading: ReadInvoicesOperation,
    private readonly creating: CreateInvoiceOperation,
    private readonly closing: CloseInvoiceOperation,
    private readonly previewing: PreviewInvoiceOperation,
    private readonly presenter: InvoicePresenter,
    private readonly pages: Pages,
  ) {}

  /**
   * Users get only the invoices of the customer that they belong to. Filter by customer, product, subscription, status
   * and billing instant. Errors: 404 `customer_not_found` or `product_not_found`; 403 `product_not_allowed`.
   */
  @Get()
  @Allow(BILLING.lists)
  @ApiOperation({ operationId: 'listInvoices', summary: 'List invoices, newest first' })
  @ApiProblems(404)
  async list(@Query() query: InvoiceListQueryDto, @CurrentPrincipal() principal: Principal): Promise<InvoicePageDto> {
    const filter = await this.reading.filterOf(query, principal);
    const binding = { invoices: filter, owner: actorOf(principal).id };
    const page = await this.reading.list(filter, this.pages.request(query, binding));
    return this.pages.answer(page, binding, (invoice) => invoice);
  }

  /**
   * Takes the filters of the list and streams all matching invoices as one CSV file, without their lines. Cells that a
   * spreadsheet would read as a formula are marked as text. Errors: 404 `customer_not_found` or `product_not_found`.
   */
  @Get('export')
  @Allow(BILLING.lists)
  @ApiOperation({ operationId: 'exportInvoices', summary: 'Export invoices as CSV' })
  @ApiProduces(CSV)
  @ApiOkResponse({ content: { [CSV]: { schema: { type: 'string' } } } })
  @ApiProblems(404)
  async export(
    @Query() query: InvoiceExportQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<StreamableFile> {
    const filter = await this.reading.filterOf(query, principal);
    return new StreamableFile(this.reading.export(filter, principal), {
      type: CSV,
      disposition: 'attachment; filename="invoices.csv"',
    });
  }

  /** Returns the invoice with its lines, discounts and taxes. Error: 404 `invoice_not_found`. */
  @Get(':id')
  @Allow(BILLING.readsOwn)
  @ApiOperation({ operationId: 'getInvoice', summary: 'Get an invoice' })
  @ApiProblems(404)
  async get(
    @UuidParam('id') id: string,
    @Query() _: SparseQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<InvoiceDto> {
    return this.presenter.one(await this.reading.get(id, principal));
  }

  /**
   * Creates a draft with lines that you write, for what is sold beside subscriptions; finalize it when it is complete.
   * Errors: 404 `customer_not_found`; 409 `billing_off`; 422 `amount_too_large`.
   */
  @Post()
  @Idempotent()
  @Allow(BILLING.writesProduct)
  @ApiOperation({ operationId: 'createInvoice', summary: 'Create a manual invoice' })
  @ApiProblems(404, 409)
  async create(
    @Body() body: CreateInvoiceDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<InvoiceDto> {
    return this.presenter.one(await this.creating.create(body, product, principal));
  }

  /**
   * Returns the invoice that would come next: of a subscription, of a change of it, or of a new subscription, with
   * usage up to now, and the coupons, taxes and credit balance of now. Writes nothing. Errors: 404
   * `subscription_not_found`, `customer_not_found`, `plan_not_found` or `coupon_not_found`; 409 `billing_off`, and the
   * errors of the change or of the coupon; 403 `terms_not_allowed` for a coupon of a user.
   */
  @Post('preview')
  @HttpCode(200)
  @Allow({ scope: 'billing:read', users: 'user', portal: true })
  @ApiOperation({ operationId: 'previewInvoice', summary: 'Preview the next invoice' })
  @ApiProblems(404, 409)
  preview(
    @Body() body: PreviewInvoiceDto,
    @ProductKey() product: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<InvoicePreviewDto> {
    return this.previewing.preview(body, { principal, product });
  }

  /**
   * Finalizes a draft now: it gets its number and never changes again. Usage that arrives later is on the next invoice.
   * Errors: 404 `invoice_not_found`; 409 `invoice_status_conflict`, `billing_off` or `nothing_due`.
   */
  @Post(':id/finalize')
  @Idempotent()
  @HttpCode(200)
  @Allow(BILLING.settles)
  @ApiOperation({ operationId: 'finalizeInvoice', summary: 'Finalize a draft' })
  @ApiProblems(404, 409)
  async finalize(
    @UuidParam('id') id: string,
    @Body() { reason }: InvoiceReasonDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<InvoiceDto> {
    const invoice = await this.reading.get(id, principal);
    return this.presenter.one(await this.invoices.finalize({ invoice, actor: actorOf(principal), reason }));
  }

  /**
   * Voids an open invoice of which nothing is paid: nothing is due any more, its number stays. A charge that waits for
   * its payer is canceled first; when the payer was faster, the invoice is paid, and not voided. Errors: 404
   * `invoice_not_found`; 409 `invoice_status_conflict`, `invoice_partly_settled` or `payment_under_way`; 503
   * `provider_unavailable`.
   */
  @Post(':id/void')
  @IdempotentInCommand()
  @HttpCode(200)
  @Allow(BILLING.settles)
  @RequestDeadline(PROVIDER_SECONDS)
  @ApiOperation({ operationId: 'voidInvoice', summary: 'Void an open invoice' })
  @ApiProblems(404, 409)
  async void(
    @UuidParam('id') id: string,
    @Body() { reason }: RequiredReasonDto,
    @CurrentPrincipal() principal: Principal,
    @Req() request: RouteRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<InvoiceDto> {
    const once = idempotentRequestOf(request);
    return withReplayHeader(reply, await this.closing.void(id, { reason, principal, once }));
  }

  /**
   * Marks an open invoice as uncollectible: it is not collected any more; a later payment is still possible. A charge
   * that waits for its payer is canceled first. Errors: 404 `invoice_not_found`; 409 `invoice_status_conflict` or
   * `payment_under_way`; 503 `provider_unavailable`.
   */
  @Post(':id/mark-uncollectible')
  @IdempotentInCommand()
  @HttpCode(200)
  @Allow(BILLING.settles)
  @RequestDeadline(PROVIDER_SECONDS)
  @ApiOperation({ operationId: 'markInvoiceUncollectible', summary: 'Mark an open invoice as uncollectible' })
  @ApiProblems(404, 409)
  async markUncollectible(
    @UuidParam('id') id: string,
    @Body() { reason }: RequiredReasonDto,
    @CurrentPrincipal() principal: Principal,
    @Req() request: RouteRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<InvoiceDto> {
    const once = idempotentRequestOf(request);
    return withReplayHeader(reply, await this.closing.markUncollectible(id, { reason, principal, once }));
  }
}
