/** Item of an array parameter. Objects become JSON. */
export type ArrayItem = string | number | boolean | Date | object | null;

/** Characters that end or escape an item, and texts with another meaning: empty and `null`. */
const NEEDS_QUOTES = /[",\\{}\s]|^$|^null$/i;
const ESCAPED = /["\\]/g;

/**
 * Text of a PostgreSQL array (PostgreSQL documentation, 8.15.6). The driver's own serialization walks through each
 * value several times: half of the cost of a large batch.
 * @example arrayLiteral(['a', 'b c', null]) // {a,"b c",null}
 */
export function arrayLiteral(items: ArrayItem[]): string {
  let text = '{';
  for (let index = 0; index < items.length; index++) {
    if (index > 0) text += ',';
    text += itemLiteral(items[index]!);
  }
  return `${text}}`;
}

function itemLiteral(item: ArrayItem): string {
  if (item === null) return 'null';
  if (typeof item === 'number') return String(item);
  if (item instanceof Date) return item.toISOString();
  const text = typeof item === 'string' ? item : JSON.stringify(item);
  return NEEDS_QUOTES.test(text) ? `"${text.replace(ESCAPED, '\\$&')}"` : text;
}
