import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';

/** SQL of the question whether billing is in use. */
@Injectable()
export class BillingActivityRepository {
  constructor(private readonly database: Database) {}

  /**
   * True when a product is billed, or when there is something of a time in which one was. An inbound event counts too:
   * one of another account raises an alert.
   */
  async isUsed(): Promise<boolean> {
    const [row] = await this.database.query<{ used: boolean }>(
      `select exists (select 1 from products where billing is not null) or exists (select 1 from invoices)
         or exists (select 1 from payment_accounts) or exists (select 1 from payment_events) as used`,
    );
    return row!.used;
  }
}
