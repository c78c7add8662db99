import { Injectable } from '@nestjs/common';
import type { Principal } from '@app/auth';
import { actorOf } from '@app/auth';
import { type Invoice, InvoicesService } from '@app/billing';
import { CatalogReader } from '@app/catalog';
import { invalidField, isCurrency } from '@app/kernel';
import { MembersService } from '@app/subscriptions';
import { optionalDate } from '../http/input/instants.js';
import type { CreateInvoiceDto } from './dto/invoice-requests.dto.js';

/** Creates a manual invoice for a customer of the product. */
@Injectable()
export class CreateInvoiceOperation {
  constructor(
    private readonly invoices: InvoicesService,
    private readonly catalog: CatalogReader,
    private readonly members: MembersService,
  ) {}

  /**
   * @throws DomainError `customer_not_found`, `product_not_found`, `invalid_fields`, `billing_off`, `amount_too_large`
   */
  async create(body: CreateInvoiceDto, product: string, principal: Principal): Promise<Invoice> {
    if (!isCurrency(body.currency)) throw invalidField('currency', 'must be an ISO 4217 code such as USD');
    const { id: productId } = await this.catalog.getProduct(product);
    const customer = await this.members.getInScope(body.customer, principal.scope.filter);
    const lines = body.lines.map(({ description, quantity = 1, unitAmount, periodStart, periodEnd }, index) => {
      const [start, end] = [optionalDate(periodStart), optionalDate(periodEnd)];
      if (end && (!start || end < start))
        throw invalidField(`lines.${index}.periodEnd`, 'must not be before periodStart; give both');
      return { description, quantity, unitAmount, periodStart: start, periodEnd: end };
    });
    return this.invoices.create({ customer, productId, currency: body.currency, lines, actor: actorOf(principal) });
  }
}
