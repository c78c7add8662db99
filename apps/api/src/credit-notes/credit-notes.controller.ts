import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '@app/auth';
import { Allow } from '../http/access/allow.decorator.js';
import { BILLING } from '../http/access/billing-rules.js';
import { CurrentPrincipal } from '../http/access/current-principal.decorator.js';
import { Idempotent } from '../http/idempotency/idempotency.interceptor.js';
import { UuidParam } from '../http/input/uuid-param.decorator.js';
import { ApiCredentials, ApiProblems } from '../http/openapi/problem.dto.js';
import { ListQuery } from '../http/pagination/list.query.js';
import { Pages } from '../http/pagination/pages.js';
import { SparseQueryDto } from '../plans/dto/plan.dto.js';
import { CreditNotesOperation } from './credit-notes.operation.js';
import { CreateCreditNoteDto } from './dto/create-credit-note.dto.js';
import { CreditNoteDto, CreditNotePageDto } from './dto/credit-note.dto.js';

@ApiTags('Billing')
@ApiCredentials()
@Controller('v1')
export class CreditNotesController {
  constructor(
    private readonly notes: CreditNotesOperation,
    private readonly pages: Pages,
  ) {}

  /**
   * Corrects an invoice that is open, paid or uncollectible. The amount due falls first. Of the amount paid, `refund`
   * pays back and `balance` keeps credit. The part that the credit balance had paid returns to it. Errors: 404
   * `invoice_not_found`; 409 `invoice_not_creditable`, `credit_too_large` with the rest as `creditable`, or
   * `credit_not_possible` for lines whose net amount or tax would be below zero.
   */
  @Post('invoices/:id/credit-notes')
  @Idempotent()
  @Allow(BILLING.settles)
  @ApiOperation({ operationId: 'createCreditNote', summary: 'Credit an invoice in full or part' })
  @ApiProblems(404, 409)
  async create(
    @UuidParam('id') id: string,
    @Body() body: CreateCreditNoteDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CreditNoteDto> {
    return this.notes.create(id, body, principal);
  }

  /** Error: 404 `invoice_not_found`. */
  @Get('invoices/:id/credit-notes')
  @Allow(BILLING.readsOwn)
  @ApiOperation({ operationId: 'listCreditNotes', summary: 'List the credit notes of an invoice, newest first' })
  @ApiProblems(404)
  async list(
    @UuidParam('id') id: string,
    @Query() query: ListQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CreditNotePageDto> {
    const invoice = await this.notes.invoice(id, principal);
    const binding = { ...query, creditNotesOf: id };
    const page = await this.notes.list(invoice, this.pages.request(query, binding));
    return this.pages.answer(page, binding, (note) => note);
  }

  /** Error: 404 `credit_note_not_found`. */
  @Get('credit-notes/:id')
  @Allow(BILLING.readsOwn)
  @ApiOperation({ operationId: 'getCreditNote', summary: 'Get a credit note' })
  @ApiProblems(404)
  async get(
    @UuidParam('id') id: string,
    @Query() _: SparseQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<CreditNoteDto> {
    return this.notes.get(id, principal);
  }
}
