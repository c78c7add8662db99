import { createHmac, timingSafeEqual } from 'node:crypto';

/** Time step of RFC 6238, in ms. */
export const STEP_MS = 30_000;
/** Steps before and after the present one whose codes are accepted: clocks of phones differ (RFC 6238, 5.2). */
const TOLERATED_STEPS = 1;
const DIGITS = 6;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The step that a time belongs to. */
export const stepAt = (at: Date): number => Math.floor(at.getTime() / STEP_MS);

/** The code of a step: RFC 4226 with SHA-1, the only algorithm that every authenticator app has. */
export function totpCode(secret: Buffer, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const truncated = mac.readUInt32BE(mac[mac.length - 1]! & 0x0f) & 0x7fffffff;
  return String(truncated % 10 ** DIGITS).padStart(DIGITS, '0');
}

/**
 * The step whose code this is, at most one step away from a time, and after `lastStep`; null: none. Every step is
 * compared, in constant time, so that the duration does not depend on the code.
 */
export function acceptedStep(
  code: string,
  { secret, lastStep, at }: { secret: Buffer; lastStep: number; at: Date },
): number | null {
  const given = Buffer.from(code.padEnd(DIGITS).slice(0, DIGITS), 'latin1');
  let accepted: number | null = null;
  for (let step = stepAt(at) - TOLERATED_STEPS; step <= stepAt(at) + TOLERATED_STEPS; step++) {
    const matches = timingSafeEqual(given, Buffer.from(totpCode(secret, step), 'latin1'));
    if (matches && code.length === DIGITS && step > lastStep) accepted = step;
  }
  return accepted;
}

/** Base32 (RFC 4648) without padding: five bits a character, from the left. */
export function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((group) => BASE32[Number.parseInt(group.padEnd(5, '0'), 2)]).join('');
}

/** The URI that authenticator apps read as a QR code. */
export const otpauthUri = (secret: Buffer, account: string): string =>
  `otpauth://totp/Tollgate:${encodeURIComponent(account)}?secret=${base32(secret)}&issuer=Tollgate&algorithm=SHA1&digits=${DIGITS}&period=${STEP_MS / 1_000}`;
