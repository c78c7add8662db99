import { Injectable, Logger } from '@nestjs/common';
import { InvoiceDocuments, type PrintedDocument, type RenderedDocument } from '@app/billing';
import { EInvoice } from './e-invoice.js';
import { InvoicePdf } from './invoice-pdf.js';

/** Makes the PDF of a document, and its e-invoice where EN 16931 can express it. */
@Injectable()
export class DocumentRenderer extends InvoiceDocuments {
  private readonly logger = new Logger('DocumentRenderer');

  constructor(
    private readonly pdf: InvoicePdf,
    private readonly eInvoice: EInvoice,
  ) {
    super();
  }

  async prepare(): Promise<void> {
    await this.pdf.prepare();
    await this.eInvoice.prepare();
  }

  async render(document: PrintedDocument): Promise<RenderedDocument[]> {
    const content = await this.pdf.render(document);
    const xml = await this.eInvoice.write(document).catch((error: unknown) => this.withoutXml(document, error));
    return [{ format: 'pdf', content }, ...(xml ? [{ format: 'xml' as const, content: xml }] : [])];
  }

  /** The buyer gets the PDF in any case. */
  private withoutXml({ number }: PrintedDocument, error: unknown): null {
    this.logger.error(`No e-invoice of ${number}: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}
