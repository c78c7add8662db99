// Comes with jest, which does not export it.
import { TestEnvironment } from 'jest-environment-node';

/** Node's environment, with hooks for log-guard.ts that a test file has not. */
export class Environment extends TestEnvironment {
  async setup() {
    await super.setup();
    // `process` in a test is a copy, which does not receive the warnings of the process.
    this.global.processWarnings = [];
    this.onWarning = (warning) => {
      if (warning.name !== 'ExperimentalWarning') this.global.processWarnings.push(String(warning.stack ?? warning));
    };
    process.on('warning', this.onWarning);
  }

  /** Checks the log after the last hook of the file, for example for errors while services stop. */
  handleTestEvent({ name }, { unhandledErrors }) {
    if (name !== 'run_finish') return;
    try {
      this.global.checkLog?.();
    } catch (error) {
      unhandledErrors.push(error);
    }
  }

  async teardown() {
    process.off('warning', this.onWarning);
    await super.teardown();
  }
}
export default Environment;
