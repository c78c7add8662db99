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
import { startupBanner } from './startup-banner.js';

async function start(): Promise<void> {
  const config = Config.fromEnvironment();
  if (config.tracing) await startTracing();
  const database = await startDatabase(config);
  const app = await createApp(config, config.worker ? [WorkerModule] : []).catch(async (error: unknown) => {
    await database.stop();
    throw error;
  });
  app.get(Metrics).watchProcess();
  const stop = shutDownOnSignal({ config, app, database });

  try {
    const outcome = await app.get(BootstrapData).run();
    const invoice = config.sampleData ? await app.get(SampleCustomer).ensure() : null;
    await compactHeap();
    // After the collection, which also discards compiled code.
    await warmUp(app);
    await app.listen(config.port, config.host);
    console.log(startupBanner(await app.getUrl(), config, { ...outcome, invoice }));
  } catch (error) {
    const failure = listenFailure(error, config);
    console.error(failure instanceof Error ? failure.message : failure);
    await stop(1);
  }
}

start().catch(exitWith);
