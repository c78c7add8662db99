import * as fs from 'node:fs';
import * as path from 'node:path';

/** A folder beside the package.json, from the sources and from the build alike. */
export function packageFolder(...names: string[]): string {
  let folder = import.meta.dirname;
  while (!fs.existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder);
  return path.join(folder, ...names);
}
