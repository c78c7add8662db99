import * as fs from 'node:fs';
import * as path from 'node:path';
import { ensureBuilt } from './build.mjs';

/** `npm run events`: writes docs/events.md from the catalogue of events. */
const root = path.resolve(import.meta.dirname, '..');
await ensureBuilt();
// The api imports every lib that declares events.
await import('../dist/apps/api/src/app.module.js');
const { eventsDocument } = await import('../dist/libs/events/src/index.js');
fs.writeFileSync(path.join(root, 'docs', 'events.md'), eventsDocument());
