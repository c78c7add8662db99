import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock, DomainError } from '@app/kernel';
import { Database } from '../database/database.js';
import { Keyring } from '../secrets/keyring.js';

/** How long an answer is kept for replay, at least. */
export const IDEMPOTENCY_HOURS = 24;
const SEAL_PURPOSE = 'idempotent-answer';

export interface IdempotentRequest {
  /** Who asks; a key means nothing to anybody else. */
  caller: string;
  key: string;
  /** What was asked: method, path and body. The same key with another content is refused. */
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
  /** Answers may hold secrets; decisions do not, and are kept as they are. */
  sealed: boolean;
}

export function keyReused(): DomainError {
  return new DomainError(
    'invalid',
    'idempotency_key_reused',
    'This Idempotency-Key was used before with another request.',
    {
      errors: [{ field: 'Idempotency-Key', message: 'was used before with another request' }],
    },
  );
}

/** Runs a command once per key: its effect and its answer commit together, and every repetition gets that first answer. */
@Injectable()
export class Idempotency {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  /**
   * Runs `work`, or answers what it answered before. Of simultaneous copies one works and the others wait for its answer.
   * A refusal (an error) is not kept, so that it can be tried again.
   * @throws DomainError `idempotency_key_reused` when the key came with another content.
   */
  run(request: IdempotentRequest, work: () => Promise<{ status: number; body: unknown }>): Promise<IdempotentResponse> {
    const fingerprint = createHash('sha256').update(request.content).digest();
    return this.database.transaction(async () => {
      const claimed = await this.database.write(
        `insert into idempotency_keys (caller, key, fingerprint, created_at) values ($1, $2, $3, $4) on conflict do nothing returning key`,
        [request.caller, request.key, fingerprint, this.clock.now()],
      );
      // A statement of its own: the one that lost the race cannot see the winner's row yet.
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
      throw new DomainError('unavailable', 'idempotency_key_expired', 'The first answer was just removed; try again.', {
        retryAfterSeconds: 1,
      });
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
        'It was done, but its answer was sealed under another secret.',
      );
    }
  }

  /** Removes answers older than a day, a small batch at a time. @returns how many went. */
  async purge(): Promise<number> {
    const before = new Date(this.clock.now().getTime() - IDEMPOTENCY_HOURS * 3_600_000);
    return this.database.transaction(() =>
      this.database.deleteBatch('idempotency_keys', 'caller, key', 'created_at < $1 order by created_at', [before]),
    );
  }
}
