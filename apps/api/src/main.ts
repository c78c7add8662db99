import { Config, startDatabase } from '@app/platform';
import { WorkerModule } from '../../worker/src/worker.module.js';
import { createApp } from './create-app.js';
import { FirstStart } from './first-start.js';
import { welcome } from './welcome.js';

/** A stop that takes longer than this is cut short. */
const STOP_MS = 25_000;

async function start(): Promise<void> {
  const config = Config.fromEnvironment();
  const database = await startDatabase(config);
  const app = await createApp(config, config.worker ? [WorkerModule] : []).catch(async (error: unknown) => {
    await database.stop();
    throw error;
  });

  let stopping = false;
  const stop = async (exitCode: number): Promise<void> => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), STOP_MS).unref();
    await app.close();
    await database.stop();
    process.exit(exitCode);
  };
  process.on('SIGINT', () => void stop(0));
  process.on('SIGTERM', () => void stop(0));

  try {
    const outcome = await app.get(FirstStart).run();
    await app.listen(config.port, config.host);
    console.log(welcome(await app.getUrl(), config, outcome));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    await stop(1);
  }
}

start().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
