import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPartitions, EventsModule } from '@app/events';
import { Config, PlatformModule, startDatabase } from '@app/platform';

/** `npm run prune-events -- --keep-months 24` lists older months of events; `--yes` deletes them permanently. */
const months = Number(process.argv[process.argv.indexOf('--keep-months') + 1]);
if (!process.argv.includes('--keep-months') || !Number.isInteger(months) || months < 1) {
  process.stderr.write('--keep-months must be 1 or more: npm run prune-events -- --keep-months 24 [--yes]\n');
  process.exit(1);
}
const config = Config.fromEnvironment();
const database = await startDatabase(config);

@Module({ imports: [PlatformModule.forRoot(config), EventsModule] })
class PruneEventsModule {}

const app = await NestFactory.createApplicationContext(PruneEventsModule, { logger: ['warn', 'error'] });
const partitions = app.get(EventPartitions);
const old = await partitions.olderThan(months);
const named = old.map(({ month }) => month).join(', ');
if (process.argv.includes('--yes')) await partitions.drop(old);
const verb = process.argv.includes('--yes') ? 'Deleted' : 'Would be deleted (repeat with --yes)';
process.stdout.write(old.length === 0 ? `No events are older than ${months} months.\n` : `${verb}: ${named}.\n`);
await app.close();
await database.stop();
