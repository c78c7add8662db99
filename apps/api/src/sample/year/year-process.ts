import { DocumentsModule } from '@app/documents';
import { Config } from '@app/platform';
import { createApp } from '../../create-app.js';
import { loadYear } from './load-year.js';
import { PastService } from './past-service.js';
import { SimulatedClock } from './simulated-clock.js';
import { yearBefore } from './span.js';
import { readState } from './sample-state.js';

/** A separate process, because its time is the past: it loads the year of the sample, and reports its progress. */
async function run(): Promise<void> {
  // Ctrl-C reaches this process too. It ends with the service that started it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  process.on('disconnect', () => process.exit(1));
  const config = Config.fromEnvironment();
  SimulatedClock.set(yearBefore(new Date(readState(config.dataDir)!.endsAt)).start);
  const app = await createApp(config, [DocumentsModule], SimulatedClock);
  await loadYear(new PastService(app), config.dataDir, (report) => process.send?.(report));
  process.exit(0);
}

run().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
