import { isoText } from '@app/kernel';

/** Item of an array parameter. Objects become JSON. */
export type ArrayItem = string | number | boolean | Date | object | null;

/** Characters that end or escape an item. */
const SPECIAL = /[",\\{}\s]/;
const ESCAPED = /["\\]/g;

/**
 * Text of a PostgreSQL array (PostgreSQL documentation, 8.15.6). The driver's own serialization walks through each
 * value several times: half of the cost of a large batch.
 * @example arrayLiteral(['a', 'b c', null]) // {a,"b c",null}
 */
export function arrayLiteral(items: ArrayItem[]): string {
  return columnLiteral(items, (item) => item);
}

/**
 * `arrayLiteral` of one value of each row. A value that repeats the one before, such as the feature of a batch, is
 * written once.
 * @example columnLiteral(rows, ({ id }) => id)
 */
export function columnLiteral<Row>(rows: Row[], valueOf: (row: Row) => ArrayItem): string {
  let text = '{';
  let last: ArrayItem | undefined;
  let literal = '';
  for (let index = 0; index < rows.length; index++) {
    const value = valueOf(rows[index]!);
    if (value !== last) {
      literal = itemLiteral(value);
      last = value;
    }
    text += index > 0 ? `,${literal}` : literal;
  }
  return `${text}}`;
}

function itemLiteral(item: ArrayItem): string {
  if (item === null) return 'null';
  if (typeof item === 'number') return String(item);
  if (item instanceof Date) return isoText(item);
  const text = typeof item === 'string' ? item : JSON.stringify(item);
  // Texts with another meaning: empty and `null`. Without alternatives the pattern takes half the time.
  const isReserved = text === '' || (text.length === 4 && text.toLowerCase() === 'null');
  return isReserved || SPECIAL.test(text) ? `"${text.replace(ESCAPED, '\\$&')}"` : text;
}
