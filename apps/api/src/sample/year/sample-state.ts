import * as fs from 'node:fs';
import * as path from 'node:path';

/** How far the year of the sample is loaded. */
export interface SampleState {
  /** End of the year: the time of the first start. RFC 3339. */
  endsAt: string;
  /** Password of the sample accounts. */
  password: string;
  /** The key of the sample backend, once it was created. */
  apiKey: string | null;
  /** The first day of the year that is not loaded. */
  day: number;
  /** `loaded`: complete. `failed`: given up, with a part of the data. */
  state: 'loading' | 'loaded' | 'failed';
}

const fileIn = (dataDir: string): string => path.join(dataDir, 'sample-data.json');

/** The state of a data folder; null when no load has begun. It is lost with the embedded database beside it. */
export function readState(dataDir: string): SampleState | null {
  const file = fileIn(dataDir);
  return fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as SampleState) : null;
}

/** Replaces the file in one step: after a crash it has either the old or the new state. */
export function writeState(dataDir: string, state: SampleState): void {
  const file = fileIn(dataDir);
  fs.writeFileSync(`${file}.new`, `${JSON.stringify(state)}\n`, { mode: 0o600 });
  fs.renameSync(`${file}.new`, file);
}
