import { Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { type DocumentCursor, DocumentMaker } from '@app/billing';
import { BillingJobRunner } from './billing-job-runner.js';

/** Makes the documents of invoices and credit notes. */
@Injectable()
export class DocumentsJob {
  constructor(
    private readonly maker: DocumentMaker,
    private readonly jobs: BillingJobRunner,
  ) {}

  @Cron('* * * * * *', { waitForCompletion: true })
  async make(): Promise<void> {
    let cursor: DocumentCursor | null = null;
    await this.jobs.repeat('make documents', async () => {
      cursor = await this.maker.make(cursor);
      return cursor !== null;
    });
  }
}
