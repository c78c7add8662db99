import type { INestApplicationContext } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { Readiness } from '../database/readiness.js';
import type { RunningDatabase } from '../database/start-database.js';
import { stopTracing } from '../observation/tracing.js';

/** Maximum duration of a shutdown. Milliseconds. */
const STOP_TIMEOUT_MS = 25_000;

export interface Stoppable {
  config: Config;
  app: INestApplicationContext;
  database: RunningDatabase;
}

/**
 * Shuts the process down at SIGTERM or SIGINT. It reports not ready, serves for another `drainMs` until load balancers
 * have noticed, then closes and exits. A second signal skips the wait; SIGINT never waits.
 * @returns a function that shuts down from inside, with an exit code
 * @example const stop = shutDownOnSignal({ config, app, database });
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
