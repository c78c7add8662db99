import {
  compactHeap,
  Config,
  exitWith,
  listenFailure,
  shutDownOnSignal,
  Metrics,
  startDatabase,
  startTracing,
} from '@app/platform';
import { WorkerModule } from '../../worker/src/worker.module.js';
import { createApp } from './create-app.js';
import { BootstrapData } from './bootstrap-data.js';
import { warmUp } from './warm-up.js';
import { SampleCustomer } from './sample/sample-customer.js';
import { SampleYear } from './sample/year/sample-year.js';
import { startupBanner } from './startup-banner.js';

async function start(): Promise<void> {
  const config = Config.fromEnvironment();
  if (config.tracing) await startTracing();
  const year = SampleYear.of(config);
  const database = await startDatabase(config);
  year?.begin();
  const worker = config.worker ? [WorkerModule.after(year?.released)] : [];
  const app = await createApp(config, worker).catch(async (error: unknown) => {
    await database.stop();
    throw error;
  });
  app.get(Metrics).watchProcess();
  const stopAll = async (): Promise<void> => {
    year?.stop();
    await database.stop();
  };
  const stop = shutDownOnSignal({ config, app, database: { stop: stopAll } });

  try {
    const outcome = await app.get(BootstrapData).run();
    const invoice = config.sampleData ? await app.get(SampleCustomer).ensure() : null;
    await compactHeap();
    // After the collection, which also discards compiled code.
    await warmUp(app);
    await app.listen(config.port, config.host);
    const url = await app.getUrl();
    console.log(startupBanner(url, config, { ...outcome, invoice }));
    if (await year?.load(console.log)) console.log(await year?.text(url));
  } catch (error) {
    const failure = listenFailure(error, config);
    console.error(failure instanceof Error ? failure.message : failure);
    await stop(1);
  }
}

start().catch(exitWith);
