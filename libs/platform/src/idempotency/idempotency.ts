import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock, DomainError } from '@app/kernel';
import { Database } from '../database/database.js';
import { Keyring } from '../secrets/keyring.js';

/** Minimum time for which a response is kept for replay. Hours. */
export const IDEMPOTENCY_HOURS = 24;
const SEAL_PURPOSE = 'idempotent-answer';

export interface IdempotentRequest {
  /** The caller: keys of different callers are independent. */
  caller: string;
  key: string;
  /** Method, path and body. The same key with other content is rejected. */
  content: string;
}

export interface IdempotentResponse {
  status: number;
  body: unknown;
  replayed: boolean;
}

interface Row {
  fingerprint: Buffer;
  status: number;
  answer: string;
  /** True when the response is encrypted, because it may contain secrets. Usage decisions contain none. */
  sealed: boolean;
}

export function keyReused(): DomainError {
  return new DomainError(
    'invalid',
    'idempotency_key_reused',
    'This Idempotency-Key was already used with another request. Use a new key.',
    {
      errors: [{ field: 'Idempotency-Key', message: 'was already used with another request' }],
    },
  );
}

/** Runs a command once per key: its effect and its response commit together; a retry gets the first response. */
@Injectable()
export class Idempotency {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  /**
   * Runs `work`, or returns its stored response. Of concurrent copies one runs, and the others wait for its response.
   * An error is not stored, so that the request can be retried.
   * @throws DomainError `idempotency_key_reused` when the key was used with other content,
   *   `answer_not_readable` when the stored response was encrypted with another secret
   * @example
   * const { status, body, replayed } = await idempotency.run({ caller, key, content }, () => handle(request));
   */
  run(request: IdempotentRequest, work: () => Promise<{ status: number; body: unknown }>): Promise<IdempotentResponse> {
    const fingerprint = createHash('sha256').update(request.content).digest();
    return this.database.transaction(async () => {
      const claimed = await this.database.write(
        `insert into idempotency_keys (caller, key, fingerprint, created_at) values ($1, $2, $3, $4) on conflict do nothing returning key`,
        [request.caller, request.key, fingerprint, this.clock.now()],
      );
      // A separate statement: the statement that lost the race cannot see the winner's row.
      if (claimed.length === 0) return this.replay(request, fingerprint);
      const { status, body } = await work();
      const answer = this.keyring.seal(SEAL_PURPOSE, JSON.stringify(body ?? null)).toString('base64');
      await this.database.write('update idempotency_keys set status = $3, answer = $4 where caller = $1 and key = $2', [
        request.caller,
        request.key,
        status,
        answer,
      ]);
      return { status, body, replayed: false };
    });
  }

  private async replay(request: IdempotentRequest, fingerprint: Buffer): Promise<IdempotentResponse> {
    const [row] = await this.database.query<Row>(
      'select fingerprint, status, answer, sealed from idempotency_keys where caller = $1 and key = $2',
      [request.caller, request.key],
    );
    if (!row)
      throw new DomainError(
        'unavailable',
        'idempotency_key_expired',
        'The stored response was just deleted. Try again after `Retry-After`.',
        {
          retryAfterSeconds: 1,
        },
      );
    if (!timingSafeEqual(row.fingerprint, fingerprint)) {
      throw keyReused();
    }
    const body: unknown = JSON.parse(row.sealed ? this.unseal(row.answer) : row.answer);
    return { status: row.status, body, replayed: true };
  }

  /** @throws DomainError `answer_not_readable` */
  private unseal(answer: string): string {
    try {
      return this.keyring.open(SEAL_PURPOSE, Buffer.from(answer, 'base64'));
    } catch {
      throw new DomainError(
        'conflict',
        'answer_not_readable',
        'The request succeeded, but its stored response was encrypted with a previous SECRET_KEY.',
      );
    }
  }

  /** Deletes a batch of responses older than a day. @returns the number of rows deleted */
  async purge(): Promise<number> {
    const before = new Date(this.clock.now().getTime() - IDEMPOTENCY_HOURS * 3_600_000);
    return this.database.transaction(() =>
      this.database.deleteBatch('idempotency_keys', 'caller, key', 'created_at < $1 order by created_at', [before]),
    );
  }
}
