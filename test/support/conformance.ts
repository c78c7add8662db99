import * as fs from 'node:fs';
import * as path from 'node:path';

const folder = path.resolve(import.meta.dirname, '../../conformance');

/** Where a case comes from, and whether all correct systems agree on it: see conformance/README.md. */
export interface ConformanceCase {
  id: string;
  origin: 'published' | 'derived' | 'contract' | 'own';
  rule: 'universal' | 'policy';
}

function readFile(name: string): { cases: []; zones?: string[] } {
  return JSON.parse(fs.readFileSync(path.join(folder, `${name}.json`), 'utf8'));
}

/** The cases of `conformance/<name>.json`. */
export function conformanceCases<Case>(name: string): (ConformanceCase & Case)[] {
  return readFile(name).cases;
}

/** The zones in which each case of `conformance/windows.json` holds. */
export const windowZones = (): string[] => readFile('windows').zones!;
