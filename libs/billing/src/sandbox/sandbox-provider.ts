import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock, totalOf } from '@app/kernel';
import { Config, Database } from '@app/platform';
import { SANDBOX_DETAILS } from '../domain/sandbox-behavior.js';
import { PaymentEventsRepository } from '../payment-events.repository.js';
import {
  type ChargeOutcome,
  type ChargeRequest,
  PaymentProvider,
  type ProviderCharge,
  type ProviderEvent,
  type ProviderMethod,
  ProviderUnavailable,
  type RefundOutcome,
  type RefundRequest,
  type SetupRequest,
} from '../payment-provider.js';
import { readSandboxEvent } from './sandbox-event.js';
import { SandboxSignature } from './sandbox-signature.js';
import { type SandboxCharge, type SandboxMethod, type SandboxRefund, SandboxRepository } from './sandbox.repository.js';

const LATE_MS = 2_000;
const EXPIRES = { expiresMonth: 12, expiresYear: 2099 };
const UNDER_WAY: SandboxCharge['status'][] = ['pending', 'requires_action'];

/**
 * A provider that moves no money. Its test methods decide what happens, and its state is in the database: all instances
 * agree, and a restart changes nothing. Each call commits separately, as at a real provider.
 */
@Injectable()
export class SandboxProvider extends PaymentProvider {
  readonly name = 'sandbox';
  readonly chargesMethods = true;
  readonly signatureHeader = 'sandbox-signature';

  constructor(
    private readonly sandbox: SandboxRepository,
    private readonly events: PaymentEventsRepository,
    private readonly signature: SandboxSignature,
    private readonly database: Database,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {
    super();
  }

  async ensureAccount({ id }: { id: string }): Promise<string> {
    return `sandbox_${id}`;
  }

  async deleteAccount(account: string): Promise<void> {
    await this.commit(() => this.sandbox.detachMethods(account));
  }

  async startSetup({ account, returnUrl }: SetupRequest): Promise<{ url: string; providerId: string }> {
    const id = `method_${randomUUID()}`;
    await this.commit(() => this.sandbox.insertMethod(id, account, returnUrl));
    return { url: `${this.config.publicUrl}/sandbox/setups/${id}`, providerId: id };
  }

  findSetup(providerId: string): Promise<ProviderMethod | null> {
    return this.findMethod(providerId);
  }

  async findMethod(providerId: string): Promise<ProviderMethod | null> {
    const method = await this.sandbox.findMethod(providerId);
    return method?.behavior ? asProviderMethod(method) : null;
  }

  async detachMethod(providerId: string): Promise<void> {
    await this.commit(() => this.sandbox.detachMethod(providerId));
  }

  async charge(request: ChargeRequest): Promise<ChargeOutcome> {
    const method = await this.sandbox.findMethod(request.method);
    if (!method?.behavior || method.detachedAt || method.account !== request.account)
      return { status: 'failed', providerId: null, code: 'payment_method_unusable', hard: true };
    const { charge, disputed = false, losesAnswer = false } = SANDBOX_DETAILS[method.behavior];
    const id = `charge_${randomUUID()}`;
    const isNew = await this.commit(async () => {
      if (!(await this.sandbox.insertCharge(id, request, { ...charge, disputed }))) return false;
      if (charge.status === 'pending') await this.emit('charge.succeeded', { charge: id }, LATE_MS);
      if (disputed) await this.emit('charge.disputed', { charge: id });
      return true;
    });
    if (isNew && losesAnswer) throw new ProviderUnavailable('The answer of the sandbox provider was lost.');
    const stored = await this.sandbox.findCharge('idempotency_key', request.idempotencyKey);
    assertSameRequest(stored!, request);
    return this.outcomeOf(stored!);
  }

  async getCharge(providerId: string): Promise<ProviderCharge | null> {
    return this.read(await this.sandbox.findCharge('id', providerId));
  }

  async findCharge({
    providerId,
    request,
  }: {
    providerId: string | null;
    request: ChargeRequest;
  }): Promise<ProviderCharge | null> {
    return providerId === null
      ? this.read(await this.sandbox.findCharge('idempotency_key', request.idempotencyKey))
      : this.getCharge(providerId);
  }

  async cancelCharge(providerId: string): Promise<ChargeOutcome> {
    await this.commit(() => this.sandbox.moveCharge(providerId, UNDER_WAY, { status: 'failed', code: 'canceled' }));
    const charge = await this.sandbox.findCharge('id', providerId);
    if (!charge) throw new Error(`The sandbox provider has no charge ${providerId}.`);
    return this.outcomeOf(charge);
  }

  async refund(request: RefundRequest): Promise<RefundOutcome> {
    return this.commit(async (): Promise<RefundOutcome> => {
      const charge = await this.sandbox.lockCharge(request.charge);
      const known = await this.sandbox.findRefund('idempotency_key', request.idempotencyKey);
      if (known) return refundOutcome(known);
      if (charge?.status !== 'succeeded') return refusedRefund('charge_not_refundable');
      const refunded = totalOf(await this.sandbox.refundsOf(charge.id), 'amount');
      if (refunded + request.amount > charge.amount) return refusedRefund('amount_too_large');
      const id = `refund_${randomUUID()}`;
      await this.sandbox.insertRefund(id, request);
      return { status: 'succeeded', providerId: id };
    });
  }

  async findRefund({
    providerId,
    request,
  }: {
    providerId: string | null;
    request: RefundRequest;
  }): Promise<RefundOutcome | null> {
    const refund =
      providerId === null
        ? await this.sandbox.findRefund('idempotency_key', request.idempotencyKey)
        : await this.sandbox.findRefund('id', providerId);
    return refund && refundOutcome(refund);
  }

  readEvent(body: Buffer, signature: string | undefined): ProviderEvent {
    this.signature.verify(body, signature);
    return readSandboxEvent(body);
  }

  /** Stores an event as if the sandbox had sent it. Needs a transaction. */
  async emit(type: string, object: { charge: string } | { setup: string }, delayMs = 0): Promise<void> {
    const event = { id: `event_${randomUUID()}`, type, ...object };
    const body = JSON.stringify(event);
    const receivedAt = this.clock.now();
    const dueAt = new Date(receivedAt.getTime() + delayMs);
    await this.events.insert(this.name, readSandboxEvent(Buffer.from(body)), { body, receivedAt, dueAt });
  }

  /** A charge that succeeds late has succeeded when its state is read. */
  private async read(charge: SandboxCharge | null): Promise<ProviderCharge | null> {
    if (!charge) return null;
    if (charge.status === 'pending') {
      await this.commit(() => this.sandbox.moveCharge(charge.id, ['pending'], { status: 'succeeded', code: null }));
      return this.getCharge(charge.id);
    }
    const refunds = await this.sandbox.refundsOf(charge.id);
    return {
      outcome: this.outcomeOf(charge),
      amount: charge.amount,
      currency: charge.currency,
      metadata: charge.metadata,
      refunded: totalOf(refunds, 'amount'),
      refunds: refunds.map((refund) => ({
        outcome: refundOutcome(refund),
        amount: refund.amount,
        idempotencyKey: refund.idempotencyKey,
      })),
      disputed: charge.disputed,
    };
  }

  private outcomeOf({ id, status, code, hard }: SandboxCharge): ChargeOutcome {
    if (status === 'failed') return { status, providerId: id, code: code ?? 'declined', hard };
    if (status === 'requires_action')
      return { status, providerId: id, actionUrl: `${this.config.publicUrl}/sandbox/charges/${id}` };
    return { status, providerId: id };
  }

  /** Commits separately, also inside a transaction of the caller: what happened at a provider is not rolled back. */
  private commit<T>(work: () => Promise<T>): Promise<T> {
    return this.database.inSeparateTransaction(work);
  }
}

const asProviderMethod = ({ id, account, behavior, detachedAt }: SandboxMethod): ProviderMethod => ({
  providerId: id,
  account: detachedAt ? null : account,
  type: 'card',
  brand: 'test',
  last4: SANDBOX_DETAILS[behavior!].last4,
  ...EXPIRES,
});

const refundOutcome = ({ id }: SandboxRefund): RefundOutcome => ({ status: 'succeeded', providerId: id });

const refusedRefund = (code: string): RefundOutcome => ({ status: 'failed', providerId: null, code });

function assertSameRequest(stored: SandboxCharge, { amount, currency, method, idempotencyKey }: ChargeRequest): void {
  if (stored.amount !== amount || stored.currency !== currency || stored.method !== method)
    throw new Error(`The idempotency key ${idempotencyKey} was used for another charge.`);
}
