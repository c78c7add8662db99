/** Reads that a change of an invoice or a payment affects. */
export const MONEY_QUERIES = [['invoices'], ['invoice'], ['payments'], ['credit-notes'], ['stats']];
