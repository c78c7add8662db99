import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { invalidField } from '@app/kernel';

export const MIN_PASSWORD = 8;
export const MAX_PASSWORD = 128;
/** OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane; algorithm 2 is argon2id. */
const ARGON2ID = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** The hash of nothing anybody can type: verified against for accounts that do not exist, so that both take as long. */
const NOBODY = hash(`\u0000${'x'.repeat(MAX_PASSWORD * 2)}`, ARGON2ID);

/** Hashes and verifies passwords off the event loop. */
@Injectable()
export class Passwords {
  /** @throws DomainError `invalid_fields` before any work is done on a password that is too short or too long. */
  async hash(password: string): Promise<string> {
    const length = [...password].length;
    if (length < MIN_PASSWORD || length > MAX_PASSWORD) throw invalidField('password', `must have ${MIN_PASSWORD} to ${MAX_PASSWORD} characters`);
    return hash(password, ARGON2ID);
  }

  /** Takes as long for an unknown account (null) as for a known one. */
  async verify(stored: string | null, password: string): Promise<boolean> {
    const matches = await verify(stored ?? (await NOBODY), password.slice(0, MAX_PASSWORD * 2));
    return stored !== null && matches;
  }
}
