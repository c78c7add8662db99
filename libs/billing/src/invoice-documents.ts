import type { DocumentFormat, PrintedDocument } from './domain/printed-document.js';

/** The bytes of one document. */
export interface RenderedDocument {
  format: DocumentFormat;
  content: Uint8Array;
}

/**
 * Port that turns invoices and credit notes into files. libs/documents implements it; the worker's module provides it.
 */
export abstract class InvoiceDocuments {
  /** Loads what rendering needs: the first time takes seconds, in which no transaction may wait. */
  abstract prepare(): Promise<void>;

  /**
   * Renders the PDF, and the e-invoice when EN 16931 can express the document.
   * @returns the same bytes for the same document
   */
  abstract render(document: PrintedDocument): Promise<RenderedDocument[]>;
}
