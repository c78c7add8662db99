import { DomainError } from '@app/kernel';

/** Seconds that the timestamp of an inbound webhook may differ from the present, in both directions. */
export const SIGNATURE_TOLERANCE_S = 300;
/** A header has one timestamp and one signature per secret: two while a secret is rotated. */
const MAX_PARTS = 10;
const MAX_LENGTH = 1_024;
const PART = /^(\w+)=([^,]*)$/;
const SECONDS = /^\d{1,12}$/;
const SIGNATURE = /^[0-9a-f]{64}$/;

export interface SignatureHeader {
  /** Unix seconds. */
  timestamp: number;
  /** Signatures of the scheme v1; others are ignored. */
  signatures: string[];
}

/**
 * Reads a header `t=<unix seconds>,v1=<hex>` before anything is computed from it: its length, its parts and the
 * distance of its timestamp from the present are bounded.
 * @throws DomainError `invalid_signature`
 * @example const { timestamp, signatures } = readSignatureHeader(request.headers['stripe-signature'], clock.now());
 */
export function readSignatureHeader(header: string | undefined, now: Date): SignatureHeader {
  if (header === undefined || header.length > MAX_LENGTH) throw invalidSignature();
  const parts = header.split(',').map((text) => PART.exec(text.trim()));
  if (parts.length > MAX_PARTS) throw invalidSignature();
  const valuesOf = (key: string): string[] => parts.flatMap((part) => (part?.[1] === key ? [part[2]!] : []));
  const timestamps = valuesOf('t');
  const signatures = valuesOf('v1');
  if (timestamps.length !== 1 || !SECONDS.test(timestamps[0]!)) throw invalidSignature();
  if (signatures.length === 0 || !signatures.every((one) => SIGNATURE.test(one))) throw invalidSignature();
  const timestamp = Number(timestamps[0]);
  if (Math.abs(now.getTime() / 1_000 - timestamp) > SIGNATURE_TOLERANCE_S) throw invalidSignature();
  return { timestamp, signatures };
}

/** One refusal for every reason: the answer does not help to forge a signature. */
export const invalidSignature = (): DomainError =>
  new DomainError(
    'malformed',
    'invalid_signature',
    `The signature is missing or wrong, or its timestamp differs by more than ${SIGNATURE_TOLERANCE_S} seconds.`,
  );

/** A body with a valid signature that is not an event. */
export const malformedEvent = (): DomainError =>
  new DomainError('malformed', 'malformed_event', 'The body is not an event of this provider.');
