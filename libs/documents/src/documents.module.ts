import { Module, type OnModuleInit } from '@nestjs/common';
import { BillingModule, DocumentMaker } from '@app/billing';
import { DocumentRenderer } from './document-renderer.js';
import { EInvoice } from './e-invoice.js';
import { InvoicePdf } from './invoice-pdf.js';

/** Renders the documents that billing makes. */
@Module({ imports: [BillingModule], providers: [InvoicePdf, EInvoice, DocumentRenderer] })
export class DocumentsModule implements OnModuleInit {
  constructor(
    private readonly maker: DocumentMaker,
    private readonly renderer: DocumentRenderer,
  ) {}

  onModuleInit(): void {
    this.maker.use(this.renderer);
  }
}
