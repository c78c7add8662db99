import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { DocumentKind } from './domain/printed-document.js';

/** Gap-free numbers of documents, per seller and kind. */
@Injectable()
export class DocumentNumbersRepository {
  constructor(private readonly database: Database) {}

  /**
   * Takes the next `count` serials in one update. The row stays locked until the transaction ends, and a rollback gives
   * them back: so there is no gap, and number follows number in the order of commits.
   * @returns the first of them
   */
  async take(productId: string, kind: DocumentKind, count: number): Promise<number> {
    const [row] = await this.database.write<{ last: number }>(
      `insert into document_numbers as n (product_id, kind, last) values ($1, $2, $3)
       on conflict (product_id, kind) do update set last = n.last + excluded.last returning last::float8 as last`,
      [productId, kind, count],
    );
    return row!.last - count + 1;
  }
}
