import { performance } from 'node:perf_hooks';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CatalogModule, CatalogService } from '../../dist/libs/catalog/src/index.js';
import { SYSTEM_ACTOR } from '../../dist/libs/kernel/src/index.js';
import { EventsModule } from '../../dist/libs/events/src/index.js';
import { Config, PlatformModule, startDatabase } from '../../dist/libs/platform/src/index.js';
import { ensureCatalogue, readCatalogue } from './catalogue.mjs';
import { connect, countLoaded, lockProduct, load, resetRollups } from './load.mjs';
import { progressReporter } from './progress.mjs';
import { summarize, summaryText } from './summary.mjs';

class SeedModule {}

async function makeCatalogue(config, product) {
  Module({ imports: [PlatformModule.forRoot(config), EventsModule, CatalogModule] })(SeedModule);
  const app = await NestFactory.createApplicationContext(SeedModule, { logger: ['warn', 'error'] });
  try {
    await ensureCatalogue(app.get(CatalogService), SYSTEM_ACTOR, product);
  } finally {
    await app.close();
  }
}

/** Loads the customers that are still missing, reports progress, and prints a summary. */
export async function run({ customers, product, seed, batch }, output, signal) {
  const config = Config.fromEnvironment();
  const database = await startDatabase(config);
  const began = performance.now();
  try {
    const client = await connect(config.requireDatabaseUrl());
    try {
      await lockProduct(client, product);
      await makeCatalogue(config, product);
      const plans = await readCatalogue(client, product);
      const loaded = await countLoaded(client, product);
      if (loaded > 0) output.write(`${loaded.toLocaleString('en')} customers are already loaded.\n`);
      const {
        rows: [{ now }],
      } = await client.query('select (extract(epoch from now()) * 1000)::float8 as now');
      const monitor = { report: progressReporter(output, { loaded, customers }), signal };
      if (loaded < customers)
        await load(
          config.requireDatabaseUrl(),
          { loaded, batch, customers, product, seed, plans, now: Math.floor(now) },
          monitor,
        );
      if (signal.aborted) return void output.write('\nStopped. Start again with the same arguments to continue.\n');
      await resetRollups(client);
      const filled = performance.now();
      await client.query('analyze');
      output.write(
        `Loaded in ${Math.round((filled - began) / 1_000)} s, analyzed in ${Math.round((performance.now() - filled) / 1_000)} s.\n`,
      );
      output.write(`${summaryText(await summarize(client, product))}\n`);
    } finally {
      await client.end();
    }
  } finally {
    await database.stop();
  }
}
