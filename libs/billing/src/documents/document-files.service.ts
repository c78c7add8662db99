import { Injectable } from '@nestjs/common';
import { type AccessScope, DomainError, notFound } from '@app/kernel';
import { type DocumentFormat, type DocumentKind, fileNameOf } from '../domain/printed-document.js';
import { DocumentsRepository } from './documents.repository.js';

/** The job that makes documents runs every second. */
const RETRY_SECONDS = 1;

/** A stored document: its bytes never change. */
export interface DocumentFile {
  /** The number of the invoice or credit note, in letters that a file name may have. */
  name: string;
  content: Buffer;
  /** SHA-256 of the content, in hexadecimal digits. */
  hash: string;
}

/** Reads stored documents. */
@Injectable()
export class DocumentFiles {
  constructor(private readonly documents: DocumentsRepository) {}

  /**
   * Returns a document of an invoice or a credit note.
   * @throws DomainError `invoice_not_found` or `credit_note_not_found` outside of the scope; `document_of_draft` and
   * `document_not_ready` while there is none yet; `no_e_invoice` when EN 16931 cannot express the document
   * @example const { content } = await files.get('invoice', id, 'pdf', scope);
   */
  async get(kind: DocumentKind, id: string, format: DocumentFormat, scope: AccessScope): Promise<DocumentFile> {
    const row = await this.documents.find(kind, id, format);
    if (!row) throw notFound(kind);
    scope.assertAdmits(row, kind);
    const { number, documentedAt, content, hash } = row;
    if (number === null)
      throw new DomainError('conflict', 'document_of_draft', 'A draft has no documents: finalize the invoice first.');
    if (documentedAt === null)
      throw new DomainError('conflict', 'document_not_ready', 'The document is not made yet; try again in a second.', {
        retryAfterSeconds: RETRY_SECONDS,
      });
    if (content === null || hash === null)
      throw new DomainError(
        'not_found',
        'no_e_invoice',
        'There is no e-invoice: it needs addresses and e-mails of seller and buyer, the VAT number of the seller, a currency with at most two decimal places, and at most one tax on each line.',
      );
    return { name: fileNameOf(number), content, hash };
  }
}
