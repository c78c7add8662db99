import { Injectable } from '@nestjs/common';
import { actorOf, type Principal } from '@app/auth';
import { type Payment, PaymentCancellation, PaymentsService } from '@app/billing';
import { Idempotency, type IdempotentRequest } from '@app/platform';
import { type OnceAnswer, runOnce } from '../http/idempotency/run-once.js';
import type { PaymentWithRefundsDto } from './dto/payment.dto.js';
import { PaymentPresenter } from './payment-presenter.js';

/** The caller, and its Idempotency-Key. */
interface Caller {
  principal: Principal;
  once: IdempotentRequest | undefined;
}

/**
 * Pays an invoice, in place of a charge that waits for its payer. Only the attempt is stored with the Idempotency-Key:
 * the provider is called when it is committed, so a repetition finds the same attempt and answers its present state.
 */
@Injectable()
export class PayInvoiceOperation {
  constructor(
    private readonly payments: PaymentsService,
    private readonly cancellation: PaymentCancellation,
    private readonly presenter: PaymentPresenter,
    private readonly idempotency: Idempotency,
  ) {}

  /** @throws DomainError the errors of `PaymentsService.start` and `PaymentCancellation.instead` */
  async pay(id: string, methodId: string | undefined, { principal, once }: Caller): Promise<OnceAnswer<Payment>> {
    const invoice = await this.payments.invoice(id, principal.scope.filter);
    const start = async (): Promise<string> => (await this.payments.start(invoice, { methodId })).id;
    const { answer, replayed } = await this.cancellation.instead(() => runOnce(this.idempotency, once, start));
    return { answer: await this.payments.charge({ id: answer }), replayed };
  }

  /** @throws DomainError the errors of `PaymentsService.markPaid` and `PaymentCancellation.instead` */
  async markPaid(
    id: string,
    transfer: { reference: string; reason: string },
    { principal, once }: Caller,
  ): Promise<OnceAnswer<PaymentWithRefundsDto>> {
    const invoice = await this.payments.invoice(id, principal.scope.filter);
    const actor = actorOf(principal);
    return this.cancellation.instead(() =>
      runOnce(this.idempotency, once, async () =>
        this.presenter.one(await this.payments.markPaid(invoice, { ...transfer, actor })),
      ),
    );
  }
}
