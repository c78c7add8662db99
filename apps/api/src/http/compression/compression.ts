import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/**
 * Smaller responses, such as decisions, are not compressed. Compression leaks no secret: no response mixes a secret
 * with the text of another party (BREACH).
 */
export const WORTH_COMPRESSING_BYTES = 1_400;

/** Encodings of responses, the preferred one first. */
export const ENCODINGS = ['br', 'gzip'] as const satisfies string[];
export type Encoding = (typeof ENCODINGS)[number];

/** The level at which @fastify/compress compresses other responses. */
const BROTLI_QUALITY = 4;
/** A list without weights and wildcards. */
const PLAIN_LIST = /^[\w ,-]+$/;
const NAMED: Record<Encoding, RegExp> = { br: /\bbr\b/, gzip: /\bgzip\b/ };

/**
 * The preferred encoding of an `Accept-Encoding`; undefined when it names none, or gives weights, which
 * @fastify/compress compares.
 */
export function encodingOf(accepted: string | undefined): Encoding | undefined {
  return accepted !== undefined && PLAIN_LIST.test(accepted)
    ? ENCODINGS.find((encoding) => NAMED[encoding].test(accepted))
    : undefined;
}

export function compressed(body: Buffer, encoding: Encoding): Buffer {
  return encoding === 'br'
    ? brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } })
    : gzipSync(body);
}
