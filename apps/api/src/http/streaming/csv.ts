import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify';

/** Columns of a CSV file: the value of each for one row. */
export type CsvColumns<Row> = Record<string, (row: Row) => unknown>;

/** Streams rows as CSV. Values that look like a formula get a quote before them (OWASP, "CSV Injection"). */
export function inCsv<Row>(rows: AsyncIterable<Row>, columns: CsvColumns<Row>): Readable {
  const records = Readable.from(rows).map((row: Row) => Object.values(columns).map((read) => read(row) ?? ''));
  const csv = stringify({
    header: true,
    columns: Object.keys(columns),
    escape_formulas: true,
    record_delimiter: 'windows',
  });
  records.on('error', (error) => csv.destroy(error));
  return records.pipe(csv);
}
