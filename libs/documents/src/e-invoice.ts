import { Injectable, Logger } from '@nestjs/common';
import type { PrintedDocument } from '@app/billing';
import type { Invoice as UblInvoice } from '@e-invoice-eu/core';
import { eInvoiceContent } from './domain/e-invoice-content.js';
import { xmlContent } from './domain/xml-text.js';

const FORMAT = 'UBL';

/** Checks content by the JSON schema of the library, and writes it. */
interface UblWriter {
  /** @returns the problems; null when the content is valid */
  problemsOf: (content: UblInvoice) => string | null;
  write: (content: UblInvoice, language: string) => Promise<string>;
}

/** Writes invoices and credit notes as UBL 2.1 by EN 16931, for programs. */
@Injectable()
export class EInvoice {
  private readonly logger = new Logger('EInvoice');
  private loading: Promise<UblWriter> | null = null;

  /** Loads the package and compiles its schema. */
  async prepare(): Promise<void> {
    this.loading ??= this.load();
    await this.loading;
  }

  /**
   * Writes a document; the same document gives the same bytes.
   * @returns null when EN 16931 cannot express the document
   * @throws Error when the content is not valid by the schema of the standard
   * @example const xml = await eInvoice.write(document);
   */
  async write(document: PrintedDocument): Promise<Buffer | null> {
    const content = xmlContent(eInvoiceContent(document));
    if (!content) return null;
    this.loading ??= this.load();
    const writer = await this.loading;
    const problems = writer.problemsOf(content);
    if (problems) throw new Error(`The e-invoice is not valid: ${problems}`);
    return Buffer.from(await writer.write(content, document.language), 'utf8');
  }

  /**
   * Loads the library at the first document: most processes make none. Its own `InvoiceService` compiles the schema for
   * each document, which takes 40 times as long as the rest.
   */
  private async load(): Promise<UblWriter> {
    const { FormatFactoryService, invoiceSchema } = await import('@e-invoice-eu/core');
    const { Ajv2019 } = await import('ajv/dist/2019.js');
    const { logger } = this;
    const format = new FormatFactoryService().createFormatService(FORMAT, {
      log: (message) => logger.debug(message),
      warn: (message) => logger.debug(message),
      error: (message) => logger.error(message),
    });
    const schema = structuredClone(invoiceSchema);
    format.patchSchema(schema);
    const ajv = new Ajv2019({ strict: true, allErrors: true });
    const validate = ajv.compile(schema);
    return {
      problemsOf: (content) => (validate(content) ? null : ajv.errorsText(validate.errors)),
      write: async (content, lang) => {
        format.fillInvoiceDefaults(content);
        return (await format.generate(content, { format: FORMAT, lang, noWarnings: true })) as string;
      },
    };
  }
}
