import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Indexes of searches, by name. Only `text_pattern_ops` finds the start of a text in every collation. They are not
 * partial: the planner estimates an expression by the statistics of an index of all rows only.
 */
const INDEXES = {
  customers_by_key_start: 'customers (lower(key) text_pattern_ops)',
  customers_by_email_start: 'customers (lower(email) text_pattern_ops)',
  customers_by_name_start: 'customers (lower(name) text_pattern_ops)',
  customers_by_second_word: `customers (split_part(lower(name), ' ', 2) text_pattern_ops)`,
  invoices_by_number_start: 'invoices (lower(number) text_pattern_ops)',
};

/** Customers by the start of key, e-mail address, name and its second word, and invoices by number. */
export class Search1700000000064 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('set lock_timeout = 0');
    for (const [name, columns] of Object.entries(INDEXES))
      await runner.query(`create index concurrently if not exists ${name} on ${columns}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('set lock_timeout = 0');
    for (const name of Object.keys(INDEXES)) await runner.query(`drop index concurrently if exists ${name}`);
  }
}
