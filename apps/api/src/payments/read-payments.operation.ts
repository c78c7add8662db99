import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { actorOf, type Principal } from '@app/auth';
import { type Payment, type PaymentFilter, PaymentsService } from '@app/billing';
import { allRows, type Page, type PageRequest } from '@app/kernel';
import { EventScope } from '../http/access/event-scope.js';
import { optionalDate } from '../http/input/instants.js';
import { ConcurrencyLimit } from '../http/streaming/concurrency-limit.js';
import { type CsvColumns, inCsv } from '../http/streaming/csv.js';
import type { PaymentExportQueryDto } from './dto/payment-requests.dto.js';
import type { PaymentDto } from './dto/payment.dto.js';
import { PaymentPresenter } from './payment-presenter.js';

const MAX_CONCURRENT = 2;
/** The caller's own customer, as a key. */
const OWN = 'me';

const CSV_COLUMNS: CsvColumns<PaymentDto> = {
  id: ({ id }) => id,
  customer: ({ customer }) => customer,
  product: ({ product }) => product,
  invoice: ({ invoice }) => invoice,
  provider: ({ provider }) => provider,
  provider_id: ({ providerId }) => providerId,
  attempt: ({ attempt }) => attempt,
  currency: ({ currency }) => currency,
  amount: ({ amount }) => amount,
  refunded: ({ refunded }) => refunded,
  status: ({ status }) => status,
  failure_code: ({ failureCode }) => failureCode,
  reference: ({ reference }) => reference,
  disputed_at: ({ disputedAt }) => disputedAt?.toISOString(),
  created_at: ({ createdAt }) => createdAt.toISOString(),
  updated_at: ({ updatedAt }) => updatedAt.toISOString(),
};

/** Reads payments in the scope of the caller. */
@Injectable()
export class ReadPaymentsOperation {
  private readonly exports = new ConcurrencyLimit(MAX_CONCURRENT, 'exports');

  constructor(
    private readonly payments: PaymentsService,
    private readonly scope: EventScope,
    private readonly presenter: PaymentPresenter,
  ) {}

  /** @throws DomainError `product_not_allowed`, `product_not_found`, `customer_not_found` */
  async filterOf(query: PaymentExportQueryDto, { scope }: Principal): Promise<PaymentFilter> {
    const { product, invoice, status, from, to } = query;
    const own = query.customer === OWN ? scope.ownCustomerId : null;
    const narrowed = await this.scope.narrow({ product, customer: own ? undefined : query.customer }, scope);
    return {
      scope: own ? { ...narrowed, customerId: own } : narrowed,
      invoiceId: invoice,
      status,
      from: optionalDate(from),
      to: optionalDate(to),
    };
  }

  /** A payment in the scope of the caller. @throws DomainError `payment_not_found` */
  get(id: string, { scope }: Principal): Promise<Payment> {
    return this.payments.get(id, scope.filter);
  }

  /** Lists payments, newest first. */
  async list(filter: PaymentFilter, page: PageRequest): Promise<Page<PaymentDto>> {
    const { data, hasMore } = await this.payments.list(page, filter);
    return { data: await this.presenter.many(data), hasMore };
  }

  /** Streams all payments as CSV, page by page. @throws DomainError `too_many_at_once` */
  export(filter: PaymentFilter, principal: Principal): Readable {
    return this.exports.run(actorOf(principal).id!, () =>
      inCsv(
        allRows((page) => this.list(filter, page)),
        CSV_COLUMNS,
      ),
    );
  }
}
