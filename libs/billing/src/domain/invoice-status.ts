import { DomainError } from '@app/kernel';
import { INVOICE_STATUSES, type Invoice, type InvoiceStatus } from './invoice.js';

/**
 * A step in the life of an invoice. `finalize`: it gets its number, and is frozen. `settle`: nothing is due any more,
 * whether by payments, by credit or because the total is not above zero.
 */
export type InvoiceStep = 'finalize' | 'settle' | 'void' | 'mark_uncollectible';

type Moves = Partial<Record<InvoiceStatus, InvoiceStatus[]>>;

/** All steps of an invoice, with the next statuses by current status. A step that is not listed is impossible. */
export const INVOICE_STEPS: Record<InvoiceStep, Moves> = {
  finalize: { draft: ['open', 'paid'] },
  settle: { open: ['paid'], uncollectible: ['paid'] },
  void: { open: ['void'] },
  mark_uncollectible: { open: ['uncollectible'] },
};

const STEPS = Object.entries(INVOICE_STEPS) as [InvoiceStep, Moves][];

/**
 * Steps that this status allows.
 * @example allowedSteps('draft') // ['finalize']
 */
export const allowedSteps = (status: InvoiceStatus): InvoiceStep[] =>
  STEPS.flatMap(([step, moves]) => (moves[status] ? [step] : [])).sort();

/**
 * Refuses a step that the status does not allow.
 * @throws DomainError `invoice_status_conflict` with the allowed steps
 */
export function assertInvoiceStep({ status }: Pick<Invoice, 'status'>, step: InvoiceStep): void {
  if (INVOICE_STEPS[step][status]) return;
  throw new DomainError(
    'conflict',
    'invoice_status_conflict',
    `The invoice is ${status}; \`allowed\` lists the steps that it accepts.`,
    { invoiceStatus: status, allowed: allowedSteps(status) },
  );
}

/** Asserts that a change of status is in the table; anything else is a bug. @throws Error */
export function assertLegalStep(before: InvoiceStatus, step: InvoiceStep, after: InvoiceStatus): void {
  if (!INVOICE_STEPS[step][before]?.includes(after))
    throw new Error(`${step} does not lead from ${before} to ${after}.`);
}

/**
 * Checks the table: every status is reached from a draft, and an open invoice can end.
 * @throws Error
 */
export function checkInvoiceSteps(steps: readonly [string, Moves][] = STEPS): void {
  const reached = new Set<InvoiceStatus>(['draft']);
  for (let grown = 0; grown !== reached.size;) {
    grown = reached.size;
    for (const [, moves] of steps) for (const from of [...reached]) moves[from]?.forEach((to) => reached.add(to));
  }
  const unreached = INVOICE_STATUSES.filter((status) => !reached.has(status));
  if (unreached.length > 0) throw new Error(`Nothing leads to ${unreached.join(', ')}.`);
  const idle = steps.filter(([, moves]) => Object.keys(moves).length === 0);
  if (idle.length > 0) throw new Error(`${idle.map(([step]) => step).join(', ')} can never happen.`);
}
