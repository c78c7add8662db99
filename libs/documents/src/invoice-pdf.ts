import { Injectable } from '@nestjs/common';
import type { PrintedDocument } from '@app/billing';
import { sheetOf } from './domain/sheet.js';
import { type FontName, clearGlyphs, loadFonts } from './fonts.js';
import { SheetPrinter } from './sheet-printer.js';

/** Renders invoices and credit notes as PDF, with embedded subsets of the fonts. */
@Injectable()
export class InvoicePdf {
  /** Loads the fonts and the package. */
  async prepare(): Promise<void> {
    await loadFonts();
    await import('pdfkit');
  }

  /**
   * Renders a document. The same document gives the same bytes: dates and ids in the file are those of the document.
   * @example const bytes = await pdf.render(printedInvoice(invoice, { language: 'de', timezone: 'Europe/Berlin' }));
   */
  async render(document: PrintedDocument): Promise<Buffer> {
    // Loaded here: most processes make no documents.
    const fonts = await loadFonts();
    const { default: PDFDocument } = await import('pdfkit');
    const sheet = sheetOf(document);
    const pdf = new PDFDocument({
      size: 'A4',
      margin: 0,
      bufferPages: true,
      displayTitle: true,
      lang: document.language,
      // No font of the PDF standard is loaded, which has no Greek and no Cyrillic.
      font: null as unknown as string,
      info: {
        Title: `${sheet.title} ${sheet.number}`,
        Author: document.seller.name,
        Creator: 'Tollgate',
        Producer: 'Tollgate',
        CreationDate: document.issuedAt,
        ModDate: document.issuedAt,
      },
    });
    const chunks: Buffer[] = [];
    pdf.on('data', (chunk: Buffer) => chunks.push(chunk));
    const written = new Promise<Buffer>((resolve, reject) => {
      pdf.on('end', () => resolve(Buffer.concat(chunks)));
      pdf.on('error', reject);
    });
    // From here to the end nothing waits: no other document uses the fonts meanwhile.
    clearGlyphs(fonts);
    // The types know files and bytes only; a parsed font is taken too.
    for (const name of ['regular', 'bold'] satisfies FontName[])
      pdf.registerFont(name, fonts[name] as unknown as Buffer);
    new SheetPrinter(pdf, sheet).print();
    pdf.end();
    return written;
  }
}
