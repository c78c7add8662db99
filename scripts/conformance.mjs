import * as fs from 'node:fs';
import * as path from 'node:path';

const folder = path.resolve(import.meta.dirname, '../conformance');
const files = fs
  .readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({
    name: name.replace('.json', ''),
    ...JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')),
  }));

/** A field as a cell of a table: `|` would end the cell. */
const cell = (value) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).replaceAll('|', '\\|');

function printTable({ name, about, cases }) {
  console.log(`\n## ${name}\n\n${about}\n`);
  const columns = [...new Set(cases.flatMap((one) => Object.keys(one)))];
  console.log(`| ${columns.join(' | ')} |\n|${columns.map(() => '---|').join('')}`);
  const byOrigin = cases.toSorted((one, other) => one.origin.localeCompare(other.origin));
  for (const one of byOrigin) console.log(`| ${columns.map((column) => cell(one[column])).join(' | ')} |`);
}

/** `npm run conformance`: the conformance cases as tables; with `-- --json` as one JSON document. */
if (process.argv.includes('--json')) {
  console.log(JSON.stringify(Object.fromEntries(files.map(({ name, ...content }) => [name, content])), null, 2));
} else {
  const origins = new Map();
  for (const { origin } of files.flatMap(({ cases }) => cases)) origins.set(origin, (origins.get(origin) ?? 0) + 1);
  console.log('# Conformance cases\n');
  for (const [origin, count] of origins) console.log(`- ${origin}: ${count}`);
  files.forEach(printTable);
}
