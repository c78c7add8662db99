import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { actorOf, type Principal } from '@app/auth';
import { type Invoice, type InvoiceFilter, InvoicesService } from '@app/billing';
import { allRows, type Page, type PageRequest } from '@app/kernel';
import { EventScope } from '../http/access/event-scope.js';
import { optionalDate } from '../http/input/instants.js';
import { ConcurrencyLimit } from '../http/streaming/concurrency-limit.js';
import { type CsvColumns, inCsv } from '../http/streaming/csv.js';
import type { InvoiceExportQueryDto } from './dto/invoice-requests.dto.js';
import type { InvoiceDto } from './dto/invoice.dto.js';
import { InvoicePresenter } from './invoice-presenter.js';

const MAX_CONCURRENT = 2;
/** The caller's own customer, as a key. */
const OWN = 'me';

const CSV_COLUMNS: CsvColumns<InvoiceDto> = {
  id: ({ id }) => id,
  number: ({ number }) => number,
  status: ({ status }) => status,
  purpose: ({ purpose }) => purpose,
  customer: ({ customer }) => customer,
  product: ({ product }) => product,
  subscription: ({ subscription }) => subscription,
  currency: ({ currency }) => currency,
  subtotal: ({ subtotal }) => subtotal,
  discount_total: ({ discountTotal }) => discountTotal,
  tax_total: ({ taxTotal }) => taxTotal,
  total: ({ total }) => total,
  credited: ({ credited }) => credited,
  paid: ({ paid }) => paid,
  due: ({ due }) => due,
  period_start: ({ periodStart }) => periodStart.toISOString(),
  period_end: ({ periodEnd }) => periodEnd.toISOString(),
  issued_at: ({ issuedAt }) => issuedAt?.toISOString(),
  due_at: ({ dueAt }) => dueAt?.toISOString(),
  paid_at: ({ paidAt }) => paidAt?.toISOString(),
  buyer_name: ({ buyer }) => buyer?.name,
  buyer_tax_id: ({ buyer }) => buyer?.taxId,
};

/** Reads invoices in the scope of the caller. */
@Injectable()
export class ReadInvoicesOperation {
  private readonly exports = new ConcurrencyLimit(MAX_CONCURRENT, 'exports');

  constructor(
    private readonly invoices: InvoicesService,
    private readonly scope: EventScope,
    private readonly presenter: InvoicePresenter,
  ) {}

  /** @throws DomainError `product_not_allowed`, `product_not_found`, `customer_not_found` */
  async filterOf(query: InvoiceExportQueryDto, { scope }: Principal): Promise<InvoiceFilter> {
    const { product, subscription, status, from, to } = query;
    const own = query.customer === OWN ? scope.ownCustomerId : null;
    const narrowed = await this.scope.narrow({ product, customer: own ? undefined : query.customer }, scope);
    return {
      scope: own ? { ...narrowed, customerId: own } : narrowed,
      subscriptionId: subscription,
      status,
      from: optionalDate(from),
      to: optionalDate(to),
    };
  }

  /** An invoice in the scope of the caller. @throws DomainError `invoice_not_found` */
  async get(id: string, { scope }: Principal): Promise<Invoice> {
    const invoice = await this.invoices.get(id);
    scope.assertAdmits(invoice, 'invoice');
    return invoice;
  }

  /** Lists invoices, newest first. */
  async list(filter: InvoiceFilter, page: PageRequest): Promise<Page<InvoiceDto>> {
    const { data, hasMore } = await this.invoices.list(page, filter);
    return { data: await this.presenter.many(data), hasMore };
  }

  /** Streams all invoices as CSV, page by page. @throws DomainError `too_many_at_once` */
  export(filter: InvoiceFilter, principal: Principal): Readable {
    return this.exports.run(actorOf(principal).id!, () =>
      inCsv(
        allRows((page) => this.list(filter, page)),
        CSV_COLUMNS,
      ),
    );
  }
}
