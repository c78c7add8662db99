import * as fs from 'node:fs';
import * as path from 'node:path';
import { expect, it } from '@jest/globals';
import { eventTypes } from '@app/events';
// Nothing else of the project is imported here: Jest loads this file and the worker alone.
import '../../apps/worker/src/worker.module.js';

/** A worker publishes what an api records: of a type that it does not know it cannot know that only the audit log keeps it. */
it('a worker that runs without the api knows every type of event', () => {
  const page = fs.readFileSync(path.resolve(import.meta.dirname, '../../docs/events.md'), 'utf8');
  const documented = [...page.matchAll(/^### `([a-z_.]+)`$/gm)].map(([, type]) => type);
  expect(documented.length).toBeGreaterThan(60);
  expect(eventTypes()).toEqual(documented);
});
