import { Controller, Get, Headers, Res, type StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Principal } from '@app/auth';
import { DocumentFiles } from '@app/billing';
import { Allow } from '../http/access/allow.decorator.js';
import { BILLING } from '../http/access/billing-rules.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { DOCUMENT_TYPES, documentResponse } from './document-response.js';

const { pdf: PDF, xml: XML } = DOCUMENT_TYPES;
const PDF_ANSWER = { content: { [PDF]: { schema: { type: 'string', format: 'binary' } } } };
const XML_ANSWER = { content: { [XML]: { schema: { type: 'string' } } } };

@ApiTags('Billing')
@ApiCredentials()
@Controller('v1')
export class DocumentsController {
  constructor(private readonly files: DocumentFiles) {}

  /**
   * The PDF is made about a second after the invoice is finalized, and never changes. Errors: 404 `invoice_not_found`;
   * 409 `document_of_draft`, or `document_not_ready` with `Retry-After` while it is not made.
   */
  @Get('invoices/:id.pdf')
  @Allow(BILLING.readsOwn)
  @ApiOperation({ operationId: 'getInvoicePdf', summary: 'Download an invoice as PDF' })
  @ApiProduces(PDF)
  @ApiOkResponse(PDF_ANSWER)
  @ApiProblems(404, 409)
  async invoicePdf(
    @UuidParam('id') id: string,
    @CurrentPrincipal() { scope }: Principal,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile | undefined> {
    return documentResponse(await this.files.get('invoice', id, 'pdf', scope), 'pdf', { reply, ifNoneMatch });
  }

  /**
   * UBL 2.1 by EN 16931. Errors: 404 `invoice_not_found`, or `no_e_invoice` when the standard cannot express the
   * invoice: an address, an e-mail or the VAT number of the seller is missing, the currency has three decimal places,
   * or a line has two taxes; 409 as for the PDF.
   */
  @Get('invoices/:id.xml')
  @Allow(BILLING.readsOwn)
  @ApiOperation({ operationId: 'getInvoiceXml', summary: 'Download an invoice as e-invoice (EN 16931, UBL)' })
  @ApiProduces(XML)
  @ApiOkResponse(XML_ANSWER)
  @ApiProblems(404, 409)
  async invoiceXml(
    @UuidParam('id') id: string,
    @CurrentPrincipal() { scope }: Principal,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile | undefined> {
    return documentResponse(await this.files.get('invoice', id, 'xml', scope), 'xml', { reply, ifNoneMatch });
  }

  /** As the PDF of an invoice. Errors: 404 `credit_note_not_found`; 409 `document_not_ready` with `Retry-After`. */
  @Get('credit-notes/:id.pdf')
  @Allow(BILLING.readsOwn)
  @ApiOperation({ operationId: 'getCreditNotePdf', summary: 'Download a credit note as PDF' })
  @ApiProduces(PDF)
  @ApiOkResponse(PDF_ANSWER)
  @ApiProblems(404, 409)
  async creditNotePdf(
    @UuidParam('id') id: string,
    @CurrentPrincipal() { scope }: Principal,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile | undefined> {
    return documentResponse(await this.files.get('credit_note', id, 'pdf', scope), 'pdf', { reply, ifNoneMatch });
  }

  /** As the e-invoice. Errors: 404 `credit_note_not_found` or `no_e_invoice`; 409 `document_not_ready`. */
  @Get('credit-notes/:id.xml')
  @Allow(BILLING.readsOwn)
  @ApiOperation({ operationId: 'getCreditNoteXml', summary: 'Download a credit note as e-invoice (EN 16931, UBL)' })
  @ApiProduces(XML)
  @ApiOkResponse(XML_ANSWER)
  @ApiProblems(404, 409)
  async creditNoteXml(
    @UuidParam('id') id: string,
    @CurrentPrincipal() { scope }: Principal,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile | undefined> {
    return documentResponse(await this.files.get('credit_note', id, 'xml', scope), 'xml', { reply, ifNoneMatch });
  }
}
