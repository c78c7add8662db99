import { Injectable } from '@nestjs/common';
import { actorOf, type Principal } from '@app/auth';
import { type Invoice, type InvoiceCommand, InvoicesService, PaymentCancellation } from '@app/billing';
import { Idempotency, type IdempotentRequest } from '@app/platform';
import { type OnceAnswer, runOnce } from '../http/idempotency/run-once.js';
import type { InvoiceDto } from './dto/invoice.dto.js';
import { InvoicePresenter } from './invoice-presenter.js';
import { ReadInvoicesOperation } from './read-invoices.operation.js';

/** A request to close an invoice. */
export interface CloseRequest {
  reason: string;
  principal: Principal;
  once: IdempotentRequest | undefined;
}

/** Ends the collection of an invoice. A charge that waits for its payer is canceled first. */
@Injectable()
export class CloseInvoiceOperation {
  constructor(
    private readonly invoices: InvoicesService,
    private readonly reading: ReadInvoicesOperation,
    private readonly cancellation: PaymentCancellation,
    private readonly presenter: InvoicePresenter,
    private readonly idempotency: Idempotency,
  ) {}

  /** @throws DomainError the errors of `InvoicesService.void` and `PaymentCancellation.instead` */
  void(id: string, request: CloseRequest): Promise<OnceAnswer<InvoiceDto>> {
    return this.close(id, request, (command) => this.invoices.void(command));
  }

  /** @throws DomainError the errors of `InvoicesService.markUncollectible` and `PaymentCancellation.instead` */
  markUncollectible(id: string, request: CloseRequest): Promise<OnceAnswer<InvoiceDto>> {
    return this.close(id, request, (command) => this.invoices.markUncollectible(command));
  }

  private async close(
    id: string,
    { reason, principal, once }: CloseRequest,
    run: (command: InvoiceCommand) => Promise<Invoice>,
  ): Promise<OnceAnswer<InvoiceDto>> {
    const invoice = await this.reading.get(id, principal);
    const command = { invoice, actor: actorOf(principal), reason };
    return this.cancellation.instead(() =>
      runOnce(this.idempotency, once, async () => this.presenter.one(await run(command))),
    );
  }
}
