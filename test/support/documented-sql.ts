import * as fs from 'node:fs';
import * as path from 'node:path';

const docs = path.resolve(import.meta.dirname, '../../docs');

/** The statements of the SQL block in a document that starts with `beginning`, so that tests can run them. */
export function documentedSql(page: string, beginning: string): string[] {
  const blocks = [...fs.readFileSync(path.join(docs, page), 'utf8').matchAll(/```sql\n([\s\S]*?)```/g)].map(
    ([, block]) => block!,
  );
  const block = blocks.find((one) => one.startsWith(beginning));
  if (!block) throw new Error(`${page} has no SQL block that starts with ${beginning}`);
  return block
    .split(/;\n/)
    .map((statement) => statement.trim())
    .filter(Boolean);
}
