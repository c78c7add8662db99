import { Writable } from 'node:stream';
import { format } from 'node:util';
import { afterEach } from '@jest/globals';
import { assertExpectedLog, recordLine } from './log.js';

declare global {
  // Both are used by environment.mjs.
  var processWarnings: string[];
  var checkLog: () => void;
}

/* Runs in every test file: an error, a warning or output that no test declares fails the test that writes it. */
for (const level of ['debug', 'error', 'info', 'log', 'warn'] as const)
  console[level] = (...parameters: unknown[]) => recordLine(`console.${level}: ${format(...parameters)}`);
// `process` in a test is a copy: Jest's own output is unaffected.
for (const name of ['stdout', 'stderr'] as const)
  Object.defineProperty(process, name, {
    value: new Writable({
      write: (chunk, _encoding, done) => {
        recordLine(`${name}: ${String(chunk)}`);
        done();
      },
    }),
  });

globalThis.checkLog = () => {
  for (const warning of processWarnings.splice(0)) recordLine(`process warning: ${warning}`);
  assertExpectedLog();
};
afterEach(checkLog);
