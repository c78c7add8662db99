import { type ArrayItem, columnLiteral, type Statement } from '@app/platform';

/** A prepared statement of the counting path. */
export const usageStatement = (name: string, text: string): Statement => ({ name: `usage: ${name}`, text });

/** One array for each of the named columns, for `unnest`. */
export const columns = <Row>(rows: Row[], ...names: (keyof Row)[]): string[] =>
  names.map((name) => columnLiteral(rows, (row) => row[name] as ArrayItem));

/** Puts rows numbered from 1 back into the order of the request; 0 where there is no row. */
export function inOrder(length: number, rows: { n: number; quantity: number }[]): number[] {
  const quantities = new Array<number>(length).fill(0);
  for (const { n, quantity } of rows) quantities[n - 1] = quantity;
  return quantities;
}
