import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  `alter table events add column if not exists customer_key text, add column if not exists product_key text`,
  // Fills the keys of events that an instance of the previous version records during a rolling upgrade.
  `create or replace function fill_event_keys() returns trigger language plpgsql as $$
  begin
    if new.customer_key is null then select c.key into new.customer_key from customers c where c.id = new.customer_id; end if;
    if new.product_key is null then select p.key into new.product_key from products p where p.id = new.product_id; end if;
    return new;
  end $$`,
  `create or replace trigger events_fill_keys before insert on events for each row
    when ((new.customer_id is not null and new.customer_key is null) or (new.product_id is not null and new.product_key is null))
    execute function fill_event_keys()`,
];

/**
 * Events store the keys of their customer and product, so that publishing joins no other table.
 * Events from before keep none, because the table is append-only: readers look their keys up.
 */
export class KeysOfEvents1700000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop trigger if exists events_fill_keys on events');
    await runner.query('drop function if exists fill_event_keys');
    await runner.query('alter table events drop column if exists customer_key, drop column if exists product_key');
  }
}
