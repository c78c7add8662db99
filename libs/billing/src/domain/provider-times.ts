/*
 * Times of calls to payment providers, in milliseconds. Each is longer than the one before: no attempt is taken for
 * lost while its adapter still waits, and no worker takes over what another one still does.
 */

/** Time of an adapter for one method of the port, with all requests that it makes. */
export const ADAPTER_TIMEOUT_MS = 30_000;

/** Time after which a call counts as lost: the adapter has given up before. */
export const PROVIDER_TIMEOUT_MS = ADAPTER_TIMEOUT_MS + 5_000;

/** Calls that a worker makes for one payment, one after the other: the account, the charge, and the lookup of it. */
const CALLS_PER_PAYMENT = 3;

/** Time of a worker that took a payment, a refund or a setup: its calls, and the transactions around them. */
export const CHECK_LEASE_MS = CALLS_PER_PAYMENT * PROVIDER_TIMEOUT_MS + 15_000;
