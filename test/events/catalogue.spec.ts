import * as fs from 'node:fs';
import * as path from 'node:path';
import { expect, it } from '@jest/globals';
import { eventTypes } from '@app/events';
// The worker is the only import of the project here, so that no module of the api registers event types.
import '../../apps/worker/src/worker.module.js';

/** A worker publishes the events of the api. Without the type it cannot know which are for the audit log only. */
it('a worker that runs without the api knows every type of event', () => {
  const page = fs.readFileSync(path.resolve(import.meta.dirname, '../../docs/events.md'), 'utf8');
  const documented = [...page.matchAll(/^### `([a-z_.]+)`$/gm)].map(([, type]) => type);
  expect(documented.length).toBeGreaterThan(60);
  expect(eventTypes()).toEqual(documented);
});
