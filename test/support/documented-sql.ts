import * as fs from 'node:fs';
import * as path from 'node:path';

const docs = path.resolve(import.meta.dirname, '../../docs');

/** The statements of that block of SQL of a page which begins like this: what is told there is tried. */
export function documentedSql(page: string, beginning: string): string[] {
  const blocks = [...fs.readFileSync(path.join(docs, page), 'utf8').matchAll(/```sql\n([\s\S]*?)```/g)].map(
    ([, block]) => block!,
  );
  const block = blocks.find((one) => one.startsWith(beginning));
  if (!block) throw new Error(`${page} has no SQL that begins with ${beginning}`);
  return block
    .split(/;\n/)
    .map((statement) => statement.trim())
    .filter(Boolean);
}
