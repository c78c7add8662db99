import type { components } from './schema.js';
import type { Problem } from './tollgate-error.js';

/**
 * Whether a customer may use a feature now, with the state of its usage.
 *
 * `degraded: true` marks a decision of a failure policy: of `onUnavailable` here, or of the feature on the server.
 *
 * @example
 * ```ts
 * const decision = await tollgate.check({ customer: 'acme', feature: 'api_calls' });
 * // { allowed: false, reason: 'limit_reached', limit: 100, used: 100, remaining: 0, resetsAt: '2027-02-01T...', ... }
 * ```
 */
export type Decision = components['schemas']['DecisionDto'];

/**
 * A question about one feature of one customer.
 *
 * @example
 * ```ts
 * const request: CheckRequest = { customer: 'acme', feature: 'api_calls', quantity: 3 };
 * ```
 */
export interface CheckRequest {
  /** Key of the customer. */
  customer: string;
  /** Key of the feature. */
  feature: string;
  /** Units. @default 1 */
  quantity?: number;
  /** The entity of the customer that uses the units, such as a member or a project. */
  entity?: string;
  /**
   * The value of a feature that is not counted by the sum, in place of `quantity`: a number where it counts the latest
   * or the highest value, a text where it counts distinct values.
   */
  value?: number | string;
  /** Key of the product. @default `product` of the options */
  product?: string;
}

/**
 * Units to count for one feature of one customer.
 *
 * @example
 * ```ts
 * const request: ConsumeRequest = {
 *   customer: 'acme',
 *   feature: 'api_calls',
 *   quantity: 3,
 *   idempotencyKey: 'order-1001',
 *   properties: { region: 'eu' },
 * };
 * ```
 */
export interface ConsumeRequest extends CheckRequest {
  /**
   * Identifies the work, not the attempt. Equal requests with the same key count once within 24 hours.
   *
   * @default a random UUID per call: it covers the retries of this call, not a restart of the process
   */
  idempotencyKey?: string;
  /** Stored with the usage, at most 10 kB. */
  properties?: Record<string, unknown>;
}

/**
 * The result of one request of a batch: its decision, or the problem that keeps it from one.
 *
 * @example
 * ```ts
 * const [result] = await tollgate.consumeBatch([{ customer: 'acme', feature: 'api_calls' }]);
 * if ('code' in result!) throw new Error(`${result.code}: ${result.detail}`);
 * // result is a Decision here
 * ```
 */
export type BatchResult = Decision | Problem;
