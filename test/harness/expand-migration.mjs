import * as path from 'node:path';

/** Runs the service's own migrator with one more migration: an additive one, on a table that all routes read. */
const root = path.resolve(import.meta.dirname, '../..');
const [name] = process.argv.slice(2);
const { migrations } = await import(`${root}/dist/migrations/index.js`);
const { migrate } = await import(`${root}/dist/migrations/migrate.js`);

const expand = {
  [name]: class {
    async up(runner) {
      await runner.query('alter table customers add column harness_note text');
    }

    async down(runner) {
      await runner.query('alter table customers drop column harness_note');
    }
  },
};
migrations.push(expand[name]);
await migrate(process.env.DATABASE_URL);
