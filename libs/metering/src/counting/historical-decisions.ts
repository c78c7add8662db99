import { Injectable } from '@nestjs/common';
import { type Entitlement, EntitlementsService, EntitlementSnapshots, memoizedWindows } from '@app/entitlements';
import { CustomerTime } from '@app/customers';
import { DomainError, invalidField, periodAt, totalOf } from '@app/kernel';
import type { GrantState } from '../domain/burn-down.js';
import { isActive } from '../domain/burn-down.js';
import { allowanceOf, check, type Decision } from '../domain/decide.js';
import { FOR_EVER, unusedMeter } from '../domain/meter.js';
import type { UsageScope } from '../metering.service.js';
import { LedgerRepository } from './ledger.repository.js';

/** Tells what would have been decided at an earlier instant: what was sold by then, and what had been recorded by then. */
@Injectable()
export class HistoricalDecisions {
  constructor(
    private readonly holders: EntitlementSnapshots,
    private readonly entitlements: EntitlementsService,
    private readonly usage: LedgerRepository,
    private readonly time: CustomerTime,
  ) {}

  /** @throws DomainError `feature_not_found`, `customer_not_found`, `invalid_fields` for what has not been yet */
  async check({ customer, product, feature }: UsageScope & { feature: string }, at: Date): Promise<Decision> {
    const holder = await this.holderAt(customer.id, at);
    const entitlement = await this.entitlements.resolveAt(holder, product, feature, at);
    const allowance = allowanceOf(entitlement, memoizedWindows(entitlement.schedule!));
    const question = { customer: customer.key, quantity: 1, now: at };
    if (!allowance || entitlement.denied) return check({ entitlement, allowance: null, meter: null }, question);
    const key = {
      customerId: customer.id,
      featureId: entitlement.feature.id,
      windowStart: entitlement.window?.start ?? FOR_EVER,
    };
    const [counted, { grants, fromGrants }] = await Promise.all([
      this.usage.usageAt(key, at),
      this.grantsAt(entitlement, key, at),
    ]);
    return check(
      {
        entitlement,
        allowance,
        meter: { ...unusedMeter(allowance, [], at), ...counted, windowStart: key.windowStart, fromGrants, grants },
      },
      question,
    );
  }

  /** One decision for each of the features that were the customer's then. */
  async checkAll(scope: UsageScope, at: Date): Promise<Decision[]> {
    const holder = await this.holderAt(scope.customer.id, at);
    const features = await this.entitlements.featureKeys(holder, scope.product, at);
    return Promise.all(features.map((feature) => this.check({ ...scope, feature }, at)));
  }

  private async holderAt(customerId: string, at: Date) {
    const holder = await this.holders.findAt(customerId, at);
    if (!holder) throw new DomainError('not_found', 'customer_not_found', 'There is no such customer.');
    if (at > (await this.time.of(holder.customer))) throw invalidField('at', 'has not been yet');
    return holder;
  }

  private async grantsAt(
    { grants }: Entitlement,
    { customerId, featureId, windowStart }: { customerId: string; featureId: string; windowStart: Date },
    at: Date,
  ): Promise<{ grants: GrantState[]; fromGrants: number }> {
    if (grants.length === 0) return { grants: [], fromGrants: 0 };
    const burns = await this.usage.burnsAt(customerId, featureId, at);
    const fromGrants = totalOf(
      burns.filter((burn) => burn.windowStart.getTime() === windowStart.getTime()),
      'quantity',
    );
    const states = grants.map((grant): GrantState => {
      const since = grant.recurrence ? lastFilling(grant, at) : grant.effectiveAt;
      const burnt = totalOf(
        burns.filter((burn) => burn.grantId === grant.id && burn.recordedAt >= since),
        'quantity',
      );
      return { grant, balance: isActive(grant, at) ? Math.max(0, grant.quantity - burnt) : 0, accruedUntil: at };
    });
    return { grants: states, fromGrants };
  }
}

/** When a recurring grant was last made full. */
function lastFilling({ recurrence, effectiveAt, timezone }: Entitlement['grants'][number], at: Date): Date {
  const { anchor, interval, count } = recurrence!;
  const { start } = periodAt({ anchor, interval, count, timeZone: timezone }, at);
  return start > effectiveAt && start >= anchor ? start : effectiveAt;
}
