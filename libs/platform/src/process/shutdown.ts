import type { INestApplicationContext } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { Readiness } from '../database/readiness.js';
import type { RunningDatabase } from '../database/start-database.js';
import { stopTracing } from '../observation/tracing.js';

/** A stop that takes longer than this is cut short. */
const STOP_TIMEOUT_MS = 25_000;

export interface Stoppable {
  config: Config;
  app: INestApplicationContext;
  database: RunningDatabase;
}

/**
 * How a process ends at SIGTERM or SIGINT: it says that it is not ready, serves on for `drainMs` while whoever sends requests learns of
 * it, then closes and exits. Told twice it does not wait.
 * @returns what ends it from inside, with an exit code
 */
export function shutDownOnSignal({ config, app, database }: Stoppable): (exitCode: number) => Promise<void> {
  let skipDrain: () => void = () => undefined;
  let stopping = false;
  const stop = async (exitCode: number, drainMs = 0): Promise<void> => {
    if (stopping) return skipDrain();
    stopping = true;
    setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
    app.get(Readiness).stop();
    await new Promise<void>((resolve) => {
      skipDrain = resolve;
      setTimeout(resolve, drainMs);
    });
    await app.close();
    await database.stop();
    await stopTracing();
    process.exit(exitCode);
  };
  process.on('SIGINT', () => void stop(0));
  process.on('SIGTERM', () => void stop(0, config.drainMs));
  return stop;
}
