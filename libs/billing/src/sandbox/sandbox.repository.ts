import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { SandboxBehavior } from '../domain/sandbox-behavior.js';
import type { ChargeMetadata, ChargeOutcome, ChargeRequest, RefundRequest } from '../payment-provider.js';

/** A test method, and the page on which its behavior is chosen. */
export interface SandboxMethod {
  id: string;
  account: string;
  returnUrl: string;
  /** Null until the page was submitted. */
  behavior: SandboxBehavior | null;
  detachedAt: Date | null;
}

export interface SandboxCharge {
  id: string;
  idempotencyKey: string;
  method: string;
  amount: number;
  currency: string;
  metadata: Partial<ChargeMetadata>;
  status: ChargeOutcome['status'];
  code: string | null;
  hard: boolean;
  disputed: boolean;
}

export interface SandboxRefund {
  id: string;
  idempotencyKey: string;
  charge: string;
  amount: number;
}

const METHOD = `id, account, return_url as "returnUrl", behavior, detached_at as "detachedAt"`;
const CHARGE = `id, idempotency_key as "idempotencyKey", method, amount::float8 as amount, currency, metadata, status, code, hard, disputed`;
const REFUND = `id, idempotency_key as "idempotencyKey", charge, amount::float8 as amount`;

/** SQL of the sandbox provider. */
@Injectable()
export class SandboxRepository {
  constructor(private readonly database: Database) {}

  async insertMethod(id: string, account: string, returnUrl: string): Promise<void> {
    await this.database.write('insert into sandbox_methods (id, account, return_url) values ($1, $2, $3)', [
      id,
      account,
      returnUrl,
    ]);
  }

  async findMethod(id: string): Promise<SandboxMethod | null> {
    const [row] = await this.database.query<SandboxMethod>(`select ${METHOD} from sandbox_methods where id = $1`, [id]);
    return row ?? null;
  }

  /** Sets the behavior once. @returns null when the method does not exist or has one */
  async completeMethod(id: string, behavior: SandboxBehavior): Promise<SandboxMethod | null> {
    const [row] = await this.database.write<SandboxMethod>(
      `update sandbox_methods set behavior = $2, completed_at = now() where id = $1 and behavior is null returning ${METHOD}`,
      [id, behavior],
    );
    return row ?? null;
  }

  async detachMethods(account: string): Promise<void> {
    await this.database.write(
      'update sandbox_methods set detached_at = now() where account = $1 and detached_at is null',
      [account],
    );
  }

  async detachMethod(id: string): Promise<void> {
    await this.database.write('update sandbox_methods set detached_at = now() where id = $1 and detached_at is null', [
      id,
    ]);
  }

  /** @returns false when a charge with this idempotency key exists */
  async insertCharge(
    id: string,
    { idempotencyKey, method, amount, currency, metadata }: ChargeRequest,
    state: Pick<SandboxCharge, 'status' | 'code' | 'hard' | 'disputed'>,
  ): Promise<boolean> {
    const rows = await this.database.write(
      `insert into sandbox_charges (id, idempotency_key, method, amount, currency, metadata, status, code, hard, disputed)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (idempotency_key) do nothing returning id`,
      [
        id,
        idempotencyKey,
        method,
        amount,
        currency,
        JSON.stringify(metadata),
        state.status,
        state.code,
        state.hard,
        state.disputed,
      ],
    );
    return rows.length > 0;
  }

  async findCharge(by: 'id' | 'idempotency_key', value: string): Promise<SandboxCharge | null> {
    const [row] = await this.database.query<SandboxCharge>(`select ${CHARGE} from sandbox_charges where ${by} = $1`, [
      value,
    ]);
    return row ?? null;
  }

  /** Locks the charge, so that two refunds are never more than its amount. */
  async lockCharge(id: string): Promise<SandboxCharge | null> {
    const [row] = await this.database.write<SandboxCharge>(
      `select ${CHARGE} from sandbox_charges where id = $1 for update`,
      [id],
    );
    return row ?? null;
  }

  /** Changes the status of a charge that has one of the given ones. @returns false when it has another one */
  async moveCharge(
    id: string,
    from: SandboxCharge['status'][],
    to: { status: SandboxCharge['status']; code: string | null },
  ): Promise<boolean> {
    const rows = await this.database.write(
      'update sandbox_charges set status = $3, code = $4 where id = $1 and status = any($2::text[]) returning id',
      [id, from, to.status, to.code],
    );
    return rows.length > 0;
  }

  refundsOf(charge: string): Promise<SandboxRefund[]> {
    return this.database.query<SandboxRefund>(
      `select ${REFUND} from sandbox_refunds where charge = $1 order by created_at, id`,
      [charge],
    );
  }

  async findRefund(by: 'id' | 'idempotency_key', value: string): Promise<SandboxRefund | null> {
    const [row] = await this.database.query<SandboxRefund>(`select ${REFUND} from sandbox_refunds where ${by} = $1`, [
      value,
    ]);
    return row ?? null;
  }

  async insertRefund(id: string, { idempotencyKey, charge, amount }: RefundRequest): Promise<void> {
    await this.database.write(
      'insert into sandbox_refunds (id, idempotency_key, charge, amount) values ($1, $2, $3, $4)',
      [id, idempotencyKey, charge, amount],
    );
  }
}
