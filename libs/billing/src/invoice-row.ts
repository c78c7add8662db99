import { type ArrayItem, arrayLiteral } from '@app/platform';
import type { Invoice, InvoiceLine } from './domain/invoice.js';

/** Types of the columns in the database. A column is its property in snake case; the period is two columns. */
const TYPES = {
  customerId: 'uuid',
  id: 'uuid',
  productId: 'uuid',
  subscriptionId: 'uuid',
  testClockId: 'uuid',
  purpose: 'text',
  billedAt: 'timestamptz',
  status: 'text',
  serial: 'bigint',
  number: 'text',
  currency: 'text',
  lines: 'jsonb',
  discounts: 'jsonb',
  taxes: 'jsonb',
  subtotal: 'bigint',
  discountTotal: 'bigint',
  taxTotal: 'bigint',
  exclusiveTaxTotal: 'bigint',
  total: 'bigint',
  credited: 'bigint',
  paid: 'bigint',
  due: 'bigint',
  couponPeriod: 'timestamptz',
  usageFrom: 'timestamptz',
  finalizeAt: 'timestamptz',
  issuedAt: 'timestamptz',
  dueAt: 'timestamptz',
  paidAt: 'timestamptz',
  seller: 'jsonb',
  buyer: 'jsonb',
  collection: 'text',
  attempts: 'integer',
  failedAt: 'timestamptz',
  nextAttemptAt: 'timestamptz',
  documentedAt: 'timestamptz',
  version: 'integer',
  createdAt: 'timestamptz',
  updatedAt: 'timestamptz',
} as const satisfies Partial<Record<keyof Invoice, string>>;
type Property = keyof typeof TYPES;
const PROPERTIES = Object.keys(TYPES) as Property[];

/** A column with its type, and its value of an invoice. */
interface Column {
  name: string;
  type: string;
  valueOf: (invoice: Invoice) => ArrayItem;
}

const columnOf = (property: string): string => property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const COLUMNS: Column[] = [
  ...PROPERTIES.map((property) => ({
    name: columnOf(property),
    type: TYPES[property],
    valueOf: (invoice: Invoice) => invoice[property],
  })),
  { name: 'period_start', type: 'timestamptz', valueOf: ({ period }) => period.start },
  { name: 'period_end', type: 'timestamptz', valueOf: ({ period }) => period.end },
];

/** Columns that identify an invoice. */
const KEY = ['customer_id', 'id'];
/** Columns that never change, not even in a draft. */
const FIXED = [...KEY, 'product_id', 'subscription_id', 'test_clock_id', 'created_at'];
/** Columns of a finalized invoice that change. */
const SETTLEMENT = [
  ...['status', 'credited', 'paid', 'due', 'paid_at', 'attempts', 'failed_at', 'next_attempt_at'],
  ...['documented_at', 'version', 'updated_at'],
];

/** Invoices as a FROM item. JSON is one text with a line for each, because JSON.stringify writes no line break. */
class GivenRows {
  readonly sql: string;
  private readonly columns: Column[];

  constructor(columns: Column[]) {
    const isJson = ({ type }: Column): boolean => type === 'jsonb';
    this.columns = [...columns.filter((column) => !isJson(column)), ...columns.filter(isJson)];
    const sources = this.columns.map((column, index) =>
      isJson(column) ? `unnest(string_to_array($${index + 1}, e'\\n', ''))` : `unnest($${index + 1}::${column.type}[])`,
    );
    this.sql = `rows from (${sources.join(', ')}) as r (${this.columns.map(({ name }) => name).join(', ')})`;
  }

  parametersOf(invoices: Invoice[]): string[] {
    return this.columns.map(({ type, valueOf }) => {
      const values = invoices.map(valueOf);
      return type === 'jsonb'
        ? values.map((value) => (value === null ? '' : JSON.stringify(value))).join('\n')
        : arrayLiteral(values);
    });
  }
}

/** A write of invoices, in one statement. */
export interface InvoiceWrite {
  sql: string;
  parametersOf: (invoices: Invoice[]) => string[];
}

const given = ({ name, type }: Column): string => (type === 'jsonb' ? `r.${name}::jsonb` : `r.${name}`);

/** Inserts invoices; the conflict clause and what is returned follow. */
function insertion(): InvoiceWrite {
  const rows = new GivenRows(COLUMNS);
  return {
    sql: `insert into invoices (${COLUMNS.map(({ name }) => name).join(', ')}) select ${COLUMNS.map(given).join(', ')} from ${rows.sql}`,
    parametersOf: (invoices) => rows.parametersOf(invoices),
  };
}

/** Updates the columns of invoices that have the version before. */
function updateOf(changes: (column: Column) => boolean): InvoiceWrite {
  const rows = new GivenRows(COLUMNS.filter((column) => changes(column) || KEY.includes(column.name)));
  const set = COLUMNS.filter(changes).map((column) => `${column.name} = ${given(column)}`);
  return {
    sql: `update invoices i set ${set.join(', ')} from ${rows.sql}
       where i.customer_id = r.customer_id and i.id = r.id and i.version = r.version - 1 returning i.id`,
    parametersOf: (invoices) => rows.parametersOf(invoices),
  };
}

export const INSERT = insertion();
/** Changes of a draft, also into an invoice. */
export const UPDATE_DRAFTS = updateOf(({ name }) => !FIXED.includes(name));
/** Changes of finalized invoices: their lines need not be sent and stored again. */
export const SETTLE = updateOf(({ name }) => SETTLEMENT.includes(name));

/** Select list of complete invoices of `invoices i`; the driver reads a count as a number, not as text. */
export const SELECTED = [
  ...PROPERTIES.map(
    (property) => `i.${columnOf(property)}${TYPES[property] === 'bigint' ? '::float8' : ''} as "${property}"`,
  ),
  `i.period_start as "periodStart", i.period_end as "periodEnd"`,
].join(', ');

/** An invoice as `SELECTED` reads it. */
export type SelectedInvoice = Omit<Invoice, 'period'> & { periodStart: Date; periodEnd: Date };

/** The invoice of a selected row. Dates within its lines are texts in the database. */
export function invoiceOf({ periodStart, periodEnd, lines, ...row }: SelectedInvoice): Invoice {
  return {
    ...row,
    period: { start: periodStart, end: periodEnd },
    lines: lines.map(lineWithDates),
  };
}

/** A line as JSON contains it, with its dates. */
export const lineWithDates = (line: InvoiceLine): InvoiceLine => ({
  ...line,
  ...(line.couponPeriod && { couponPeriod: new Date(line.couponPeriod) }),
  service: { start: new Date(line.service.start), end: new Date(line.service.end) },
});
