import { createHash } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { CustomerTime } from '@app/customers';
import { DeliveriesService, MAIL_DESTINATION } from '@app/deliveries';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';
import {
  DOCUMENT_KINDS,
  type DocumentKind,
  type PrintedDocument,
  printedCreditNote,
  printedInvoice,
} from '../domain/printed-document.js';
import { InvoiceDocuments, type RenderedDocument } from '../invoice-documents.js';
import { type CreditNoteToPrint, DocumentsRepository, type InvoiceToPrint } from './documents.repository.js';

/** Documents of one transaction. A long one takes seconds on a busy machine, in which the connection is idle. */
const BATCH = 1;
/** A document that could not be rendered is tried again after this time. Milliseconds. */
const RETRY_AFTER_MS = 600_000;

/** Where a run continues: after this id of this kind. */
export interface DocumentCursor {
  kind: DocumentKind;
  after: string | null;
}

type ToPrint = { kind: 'invoice'; row: InvoiceToPrint } | { kind: 'credit_note'; row: CreditNoteToPrint };

/** Makes the documents of finalized invoices and credit notes, once, and enqueues the mails that send them. */
@Injectable()
export class DocumentMaker {
  private readonly logger = new Logger('DocumentMaker');
  private readonly failed = new Map<string, number>();
  private renderer: InvoiceDocuments | null = null;

  constructor(
    private readonly documents: DocumentsRepository,
    private readonly deliveries: DeliveriesService,
    private readonly time: CustomerTime,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Sets the renderer. Called by its module, at the start. */
  use(renderer: InvoiceDocuments): void {
    this.renderer = renderer;
  }

  /**
   * Makes the documents of a batch. Any number of workers may run it.
   * @param cursor null: from the start
   * @returns where to continue; null when nothing is left
   * @example for (let at = await maker.make(null); at; ) at = await maker.make(at);
   */
  async make(cursor: DocumentCursor | null): Promise<DocumentCursor | null> {
    if (!this.renderer) throw new Error('No renderer of documents is registered: import DocumentsModule.');
    const { kind, after } = cursor ?? { kind: DOCUMENT_KINDS[0], after: null };
    const last = await this.makeBatch(kind, after);
    if (last !== null) return { kind, after: last };
    const next = DOCUMENT_KINDS[DOCUMENT_KINDS.indexOf(kind) + 1];
    return next ? { kind: next, after: null } : null;
  }

  /** @returns the last id of the batch; null when nothing is left */
  private async makeBatch(kind: DocumentKind, after: string | null): Promise<string | null> {
    if (!(await this.documents.isWaiting(kind, after))) return null;
    await this.renderer!.prepare();
    return this.database.transaction(async () => {
      const batch = await this.lock(kind, after);
      for (const one of batch) await this.makeOne(one);
      return batch.at(-1)?.row.id ?? null;
    });
  }

  private async lock(kind: DocumentKind, after: string | null): Promise<ToPrint[]> {
    return kind === 'invoice'
      ? (await this.documents.lockInvoices(after, BATCH)).map((row) => ({ kind, row }))
      : (await this.documents.lockCreditNotes(after, BATCH)).map((row) => ({ kind, row }));
  }

  private async makeOne(one: ToPrint): Promise<void> {
    const { customerId, id } = one.row;
    const rendered = await this.render(one);
    if (!rendered) return;
    const at = await this.time.of(one.row);
    const files = rendered.map(({ format, content }) => ({
      customerId,
      documentId: id,
      format,
      content,
      hash: createHash('sha256').update(content).digest('hex'),
    }));
    await this.documents.store(files, at);
    await this.documents.markDocumented(one.kind, one.row, at);
    await this.deliveries.enqueue([
      { channel: 'billing_mail', destination: MAIL_DESTINATION, messageId: id, type: one.kind },
    ]);
  }

  /** @returns null when it failed: the other documents are made, and this one is tried again later */
  private async render(one: ToPrint): Promise<RenderedDocument[] | null> {
    const { id, number } = one.row;
    const now = this.clock.now().getTime();
    if ((this.failed.get(id) ?? 0) > now) return null;
    try {
      const rendered = await this.renderer!.render(printedOf(one));
      this.failed.delete(id);
      return rendered;
    } catch (error) {
      this.failed.set(id, now + RETRY_AFTER_MS);
      this.logger.error(`No document of ${number}: ${error instanceof Error ? error.stack : String(error)}`);
      return null;
    }
  }
}

function printedOf({ kind, row }: ToPrint): PrintedDocument {
  const printing = { language: row.buyer?.language ?? 'en', timezone: row.timezone };
  return kind === 'invoice'
    ? printedInvoice(row, printing)
    : printedCreditNote(row, { number: row.invoiceNumber, issuedAt: row.invoiceIssuedAt }, printing);
}
