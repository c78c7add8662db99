import { Column, Entity, PrimaryColumn } from 'typeorm';
import { count, instant } from '@app/platform';
import type { Interval, PriceTiers } from '@app/kernel';
import type { BillingSettings } from './domain/billing-settings.js';
import type {
  AddOn,
  Aggregation,
  EntitlementTerms,
  FailurePolicy,
  Feature,
  FeatureType,
  Plan,
  PlanEntitlement,
  PlanStatus,
  Price,
  Product,
} from './domain/catalog.js';
import type { CouponContent } from './domain/coupon.js';
import type { PortalSettings } from './domain/portal-settings.js';
import type { TaxRateContent } from './domain/tax-rate.js';

@Entity('products')
export class ProductEntity implements Product {
  @PrimaryColumn('uuid') id: string;
  @Column('text') key: string;
  @Column('text') name: string;
  @Column('jsonb', { nullable: true }) billing: BillingSettings | null;
  @Column('jsonb', { nullable: true }) portal: PortalSettings | null;
  @Column(instant({ name: 'archived_at', nullable: true })) archivedAt: Date | null;
  @Column(instant({ name: 'created_at' })) createdAt: Date;
  @Column(instant({ name: 'updated_at' })) updatedAt: Date;
}

@Entity('features')
export class FeatureEntity implements Feature {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'product_id' }) productId: string;
  @Column('text') key: string;
  @Column('text') name: string;
  @Column('text') type: FeatureType;
  @Column('text') aggregation: Aggregation;
  @Column('text', { nullable: true }) unit: string | null;
  @Column('text', { name: 'failure_policy', nullable: true }) failurePolicy: FailurePolicy | null;
  @Column(instant({ name: 'archived_at', nullable: true })) archivedAt: Date | null;
  @Column(instant({ name: 'created_at' })) createdAt: Date;
  @Column(instant({ name: 'updated_at' })) updatedAt: Date;
}

@Entity('add_ons')
export class AddOnEntity implements AddOn {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'product_id' }) productId: string;
  @Column('text') key: string;
  @Column('text') name: string;
  @Column('text') description: string;
  @Column('jsonb') prices: Price[];
  @Column('jsonb') entitlements: PlanEntitlement[];
  @Column(instant({ name: 'archived_at', nullable: true })) archivedAt: Date | null;
  @Column(instant({ name: 'created_at' })) createdAt: Date;
  @Column(instant({ name: 'updated_at' })) updatedAt: Date;
}

@Entity('coupons')
export class CouponEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'product_id' }) productId: string;
  @Column('text') key: string;
  @Column('jsonb') content: Omit<CouponContent, 'maxRedemptions'>;
  @Column('integer', { name: 'max_redemptions', nullable: true }) maxRedemptions: number | null;
  @Column('integer') redemptions: number;
  @Column(instant({ name: 'archived_at', nullable: true })) archivedAt: Date | null;
  @Column(instant({ name: 'created_at' })) createdAt: Date;
  @Column(instant({ name: 'updated_at' })) updatedAt: Date;
}

@Entity('tax_rates')
export class TaxRateEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'product_id' }) productId: string;
  @Column('text') key: string;
  @Column('jsonb') content: TaxRateContent;
  @Column(instant({ name: 'archived_at', nullable: true })) archivedAt: Date | null;
  @Column(instant({ name: 'created_at' })) createdAt: Date;
  @Column(instant({ name: 'updated_at' })) updatedAt: Date;
}

@Entity('plans')
export class PlanEntity implements Plan {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'product_id' }) productId: string;
  @Column('text') key: string;
  @Column('text') status: PlanStatus;
  @Column('boolean') public: boolean;
  @Column('integer', { name: 'current_version', nullable: true }) currentVersion: number | null;
  @Column('integer') revision: number;
  @Column(instant({ name: 'created_at' })) createdAt: Date;
  @Column(instant({ name: 'updated_at' })) updatedAt: Date;
}

@Entity('plan_versions')
export class PlanVersionEntity {
  @PrimaryColumn('uuid', { name: 'plan_id' }) planId: string;
  @PrimaryColumn('integer') version: number;
  @Column('text') name: string;
  @Column('text') description: string;
  @Column('integer', { name: 'trial_days' }) trialDays: number;
  @Column(instant({ name: 'published_at', nullable: true })) publishedAt: Date | null;
  @Column(instant({ name: 'created_at' })) createdAt: Date;
}

@Entity('plan_prices')
export class PlanPriceEntity implements Price {
  @PrimaryColumn('uuid', { name: 'plan_id' }) planId: string;
  @PrimaryColumn('integer') version: number;
  @PrimaryColumn('integer') position: number;
  @Column('text') interval: Interval;
  @Column('integer', { name: 'interval_count' }) intervalCount: number;
  @Column(count()) amount: number;
  @Column('text') currency: string;
  @Column('jsonb', { nullable: true }) tiers?: PriceTiers;
  @Column('text', { nullable: true }) region: string | null;
  @Column('text', { name: 'device_type', nullable: true }) deviceType: string | null;
}

@Entity('plan_entitlements')
export class PlanEntitlementEntity {
  @PrimaryColumn('uuid', { name: 'plan_id' }) planId: string;
  @PrimaryColumn('integer') version: number;
  @PrimaryColumn('uuid', { name: 'feature_id' }) featureId: string;
  @Column('integer') position: number;
  @Column('jsonb') terms: EntitlementTerms;
}

@Entity('plan_assignments')
export class PlanAssignmentEntity {
  @PrimaryColumn('uuid', { name: 'product_id' }) productId: string;
  @PrimaryColumn('integer') position: number;
  @Column('uuid', { name: 'plan_id' }) planId: string;
  @Column('text', { nullable: true }) region: string | null;
  @Column('text', { name: 'device_type', nullable: true }) deviceType: string | null;
}
