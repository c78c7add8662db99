import { type Interval, type Money, type PriceTiers, TIER_MODELS, type TierModel } from '@app/kernel';
import type { BillingSettings } from './billing-settings.js';
import type { PortalSettings } from './portal-settings.js';

/** Types of features: a switch, a value, a metered quantity, or credits that usage burns down. */
export const FEATURE_TYPES = ['boolean', 'static', 'metered', 'credit'] as const;
export type FeatureType = (typeof FEATURE_TYPES)[number];

/** The unit of the window in which usage counts against a limit. `billing_period` follows the subscription. */
export const WINDOWS = ['none', 'hour', 'day', 'week', 'month', 'quarter', 'year', 'billing_period'] as const;
export type WindowName = (typeof WINDOWS)[number];

/**
 * The instant from which windows are counted: the calendar of the customer's zone, the anchor of the subscription, or
 * the first use, which opens a window.
 */
export const WINDOW_ANCHORS = ['calendar', 'subscription', 'first_use'] as const;
export type WindowAnchor = (typeof WINDOW_ANCHORS)[number];

/** The most units of one window. */
export const MAX_WINDOW_COUNT = 1_000;

/** Count and anchor of the windows of terms. Neither applies to `none` and `billing_period`. */
export interface WindowRule {
  /** Units of one window. Default: 1. */
  windowCount?: number;
  /** Default: calendar. */
  windowAnchor?: WindowAnchor;
}

/** Policy for usage beyond the limit: denied, allowed as overage, or capped at the limit. */
export const OVERAGES = ['deny', 'allow', 'cap'] as const;
export type Overage = (typeof OVERAGES)[number];

/** The response to a check when the database does not respond in time. Without a policy: 503. */
export const FAILURE_POLICIES = ['deny', 'allow', 'last_known'] as const;
export type FailurePolicy = (typeof FAILURE_POLICIES)[number];

/**
 * How usage of a metered feature becomes a count: `sum` adds units, `latest` is the newest reported value, `max` the
 * highest one, `unique` the number of distinct values.
 */
export const AGGREGATIONS = ['sum', 'latest', 'max', 'unique'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

export interface Product {
  id: string;
  key: string;
  name: string;
  /** How it is billed; null: it is not billed. */
  billing: BillingSettings | null;
  /** The pages of its customers; null: the defaults. */
  portal: PortalSettings | null;
  archivedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface Feature {
  id: string;
  productId: string;
  key: string;
  name: string;
  type: FeatureType;
  aggregation: Aggregation;
  unit: string | null;
  failurePolicy: FailurePolicy | null;
  archivedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** Amount in minor units per `intervalCount` intervals. With a region or device type: only for matching buyers. */
export interface Price {
  interval: Interval;
  intervalCount: number;
  /** Of one unit. */
  amount: number;
  currency: string;
  /** The cost of more units; absent: each costs `amount`. */
  tiers?: PriceTiers;
  region: string | null;
  deviceType: string | null;
}

/** A tier of a usage price. Amounts are decimals in major units. */
export interface UsageTier {
  /** Last unit of the tier; null: all further units. */
  upTo: number | null;
  unitAmount: string;
  /** Charged once, when the quantity reaches the tier. */
  flatAmount?: string;
}

/**
 * The price of usage beyond the limit, in major units of the currency with up to 12 decimal places. `package`: each
 * package that was begun is charged in full. Tiers count units beyond the limit, the first of them is 1.
 */
export type UsagePrice =
  | { model: 'per_unit'; unitAmount: string; currency: string }
  | { model: 'package'; packageSize: number; amount: string; currency: string }
  | { model: TierModel; tiers: UsageTier[]; currency: string };

export const USAGE_PRICE_MODELS = ['per_unit', 'package', ...TIER_MODELS] as const;
export type UsagePriceModel = (typeof USAGE_PRICE_MODELS)[number];

export interface BooleanTerms {
  type: 'boolean';
  value: boolean;
}

export interface StaticTerms {
  type: 'static';
  value: string | number | boolean;
}

export interface MeteredTerms extends WindowRule {
  type: 'metered';
  /** null: unlimited; 0: none. */
  limit: number | null;
  window: WindowName;
  overage: Overage;
  /** Minor units per unit; `usagePrice` is finer and has more models. */
  overagePrice?: Money;
  /** The cost of usage beyond the limit. Only with `overage: 'allow'`, and not beside `overagePrice`. */
  usagePrice?: UsagePrice;
  rateLimit?: { limit: number; windowSeconds: number };
  /** The most units of each entity of the customer, such as a member or a project. */
  entityLimit?: number;
}

export interface CreditTerms {
  type: 'credit';
  grant: { quantity: number; every: WindowName; rolloverMax?: number } & WindowRule;
}

/** The terms of one feature in a plan version. */
export type EntitlementTerms = BooleanTerms | StaticTerms | MeteredTerms | CreditTerms;

export interface PlanEntitlement {
  featureId: string;
  /** The feature's key. */
  feature: string;
  terms: EntitlementTerms;
}

/** A version of a plan. Published versions never change; subscriptions keep the version they were sold. */
export interface PlanVersion {
  planId: string;
  planKey: string;
  productId: string;
  version: number;
  name: string;
  description: string;
  trialDays: number;
  prices: Price[];
  entitlements: PlanEntitlement[];
  publishedAt: Date | null;
  createdAt: Date;
}

/** The content of an add-on: what a subscription gets in addition to its plan. */
export interface AddOnContent {
  name: string;
  description: string;
  /** Charged with the periods of the plan where billing is on. */
  prices: Price[];
  entitlements: PlanEntitlement[];
}

/** An add-on of a product. Subscriptions store a copy of its content. */
export interface AddOn extends AddOnContent {
  id: string;
  productId: string;
  key: string;
  archivedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

export type PlanStatus = 'draft' | 'published' | 'archived';

export interface Plan {
  id: string;
  productId: string;
  key: string;
  status: PlanStatus;
  public: boolean;
  /** The published version that new subscriptions get; null before the first publication. */
  currentVersion: number | null;
  /** Grows with every change of the plan or its draft; sent as the ETag. */
  revision: number;
  createdAt: Date;
  updatedAt: Date;
}

/** A rule for new customers of requests that name no plan. Without region and device type: all other customers. */
export interface Assignment {
  plan: string;
  region: string | null;
  deviceType: string | null;
}

/** The checked content of a plan version. */
export interface PlanContent {
  name: string;
  description: string;
  trialDays: number;
  prices: Price[];
  entitlements: { feature: string; terms: EntitlementTerms }[];
}
