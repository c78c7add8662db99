import { Injectable } from '@nestjs/common';
import type { EntitlementTerms } from '@app/catalog';
import { Database } from '@app/platform';
import type { Subscription } from '@app/subscriptions';
import type { LinePlan } from './domain/usage-terms.js';

/** The facts of an event that terms of usage follow from. Absent ones are as before. */
export interface SubscriptionFacts {
  subscriptionId: string;
  at: Date;
  plan: LinePlan;
  addOns: Subscription['addOns'] | null;
  trialEnd: string | null;
  hasTrialEnd: boolean;
  /** Null in events that do not change it. */
  timezone: string | null;
}

/** An override that was set (`terms`) or removed. */
export interface OverrideFacts {
  customerId: string;
  featureId: string;
  at: Date;
  terms: EntitlementTerms | null;
  expiresAt: string | null;
}

/** The terms of usage that were in force at each instant, from the events of subscriptions and overrides. */
@Injectable()
export class UsageHistoryRepository {
  constructor(private readonly database: Database) {}

  /** The first event of each subscription, and those that changed plan, add-ons or trial; oldest first. */
  subscriptionFacts(subscriptionIds: string[]): Promise<SubscriptionFacts[]> {
    return this.database.query<SubscriptionFacts>(
      `select e.subject_id as "subscriptionId", e.at, e.after -> 'plan' as plan, e.after -> 'addOns' as "addOns", e.after ->> 'trialEnd' as "trialEnd",
         e.after ? 'trialEnd' as "hasTrialEnd", e.after ->> 'timezone' as timezone
       from events e where e.subject_id = any($1::uuid[]) and e.after ? 'plan' and (e.sequence = 1 or e.after ?| array['planSince', 'addOns', 'trialEnd'])
       order by e.subject_id, e.sequence`,
      [subscriptionIds],
    );
  }

  overrideFacts(customerIds: string[]): Promise<OverrideFacts[]> {
    return this.database.query<OverrideFacts>(
      `select e.subject_id as "customerId", (coalesce(e.after, e.before) ->> 'featureId')::uuid as "featureId", e.at, e.after -> 'terms' as terms, e.after ->> 'expiresAt' as "expiresAt"
       from events e where e.subject_id = any($1::uuid[]) and e.type in ('entitlement.overridden', 'entitlement.override_removed')
       order by e.subject_id, e.at, e.id`,
      [customerIds],
    );
  }
}
