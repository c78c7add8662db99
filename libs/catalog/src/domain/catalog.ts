import type { Interval, Money } from '@app/kernel';

/** What a plan can grant: a switch, a value, a counted amount, or credits that are burnt down. */
export const FEATURE_TYPES = ['boolean', 'static', 'metered', 'credit'] as const;
export type FeatureType = (typeof FEATURE_TYPES)[number];

/** The span in which a limit counts. Calendar windows follow the customer's zone, `billing_period` the subscription. */
export const WINDOWS = ['none', 'hour', 'day', 'week', 'month', 'year', 'billing_period'] as const;
export type WindowName = (typeof WINDOWS)[number];

/** What happens beyond the limit: refused, counted as overage, or granted up to the limit. */
export const OVERAGES = ['deny', 'allow', 'cap'] as const;
export type Overage = (typeof OVERAGES)[number];

/** What is answered when the database cannot be asked in time; without one the question is refused with 503. */
export const FAILURE_POLICIES = ['deny', 'allow', 'last_known'] as const;
export type FailurePolicy = (typeof FAILURE_POLICIES)[number];

export interface Product {
  id: string;
  key: string;
  name: string;
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
  unit: string | null;
  failurePolicy: FailurePolicy | null;
  archivedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** Amount in minor units for `intervalCount` intervals, for everybody or for one region or device type only. */
export interface Price {
  interval: Interval;
  intervalCount: number;
  amount: number;
  currency: string;
  region: string | null;
  deviceType: string | null;
}

export interface BooleanTerms {
  type: 'boolean';
  value: boolean;
}

export interface StaticTerms {
  type: 'static';
  value: string | number | boolean;
}

export interface MeteredTerms {
  type: 'metered';
  /** null: unlimited; 0: none. */
  limit: number | null;
  window: WindowName;
  overage: Overage;
  overagePrice?: Money;
  rateLimit?: { limit: number; windowSeconds: number };
}

export interface CreditTerms {
  type: 'credit';
  grant: { quantity: number; every: WindowName; rolloverMax?: number };
}

/** What a plan version says of one feature. */
export type EntitlementTerms = BooleanTerms | StaticTerms | MeteredTerms | CreditTerms;

export interface PlanEntitlement {
  featureId: string;
  /** The feature's key. */
  feature: string;
  terms: EntitlementTerms;
}

/** What is sold. A published version never changes; subscriptions stay on the one they were sold. */
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

export type PlanStatus = 'draft' | 'published' | 'archived';

export interface Plan {
  id: string;
  productId: string;
  key: string;
  status: PlanStatus;
  public: boolean;
  /** The published version that is sold now. */
  currentVersion: number | null;
  /** Grows with every change of the plan or its draft. */
  revision: number;
  createdAt: Date;
  updatedAt: Date;
}

/** Who gets the plan when none is asked for; without region and device type: everybody else. */
export interface Assignment {
  plan: string;
  region: string | null;
  deviceType: string | null;
}

/** The content of a plan version as callers write it, checked. */
export interface PlanContent {
  name: string;
  description: string;
  trialDays: number;
  prices: Price[];
  entitlements: { feature: string; terms: EntitlementTerms }[];
}
