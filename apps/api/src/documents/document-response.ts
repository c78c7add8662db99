import { StreamableFile } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { DocumentFile } from '@app/billing';
import { sameEtag } from '../http/etag/etag.interceptor.js';

/** Media types of documents. */
export const DOCUMENT_TYPES = { pdf: 'application/pdf', xml: 'application/xml' } as const;

/** The answer with a document, or 304 when the caller has it: its bytes never change. */
export function documentResponse(
  { name, content, hash }: DocumentFile,
  format: keyof typeof DOCUMENT_TYPES,
  { reply, ifNoneMatch }: { reply: FastifyReply; ifNoneMatch: string | undefined },
): StreamableFile | undefined {
  const etag = `"${hash}"`;
  void reply.header('etag', etag);
  if (sameEtag(ifNoneMatch, etag)) return void reply.status(304);
  return new StreamableFile(content, {
    type: DOCUMENT_TYPES[format],
    disposition: `attachment; filename="${name}.${format}"`,
    length: content.length,
  });
}
