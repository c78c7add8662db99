export { DocumentsModule } from './documents.module.js';
export { EInvoice } from './e-invoice.js';
export { InvoicePdf } from './invoice-pdf.js';
