import { Column, Entity, PrimaryColumn } from 'typeorm';
import { instant } from '@app/platform';
import type { ScheduledChange, SoldPrice, Subscription, SubscriptionStatus } from './domain/subscription.js';

@Entity('subscriptions')
export class SubscriptionEntity implements Subscription {
  @PrimaryColumn('uuid', { name: 'customer_id' }) customerId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'product_id' }) productId: string;
  @Column('uuid', { name: 'plan_id' }) planId: string;
  @Column('integer', { name: 'plan_version' }) planVersion: number;
  @Column('text', { name: 'plan_key' }) planKey: string;
  @Column('text', { name: 'plan_name' }) planName: string;
  @Column('jsonb') price: SoldPrice;
  @Column('integer') quantity: number;
  @Column('text') status: SubscriptionStatus;
  @Column('text') timezone: string;
  @Column(instant()) anchor: Date;
  @Column(instant({ name: 'started_at' })) startedAt: Date;
  @Column(instant({ name: 'current_period_start' })) currentPeriodStart: Date;
  @Column(instant({ name: 'current_period_end' })) currentPeriodEnd: Date;
  @Column(instant({ name: 'usage_period_start' })) usagePeriodStart: Date;
  @Column(instant({ name: 'plan_since' })) planSince: Date;
  @Column(instant({ name: 'trial_end', nullable: true })) trialEnd: Date | null;
  @Column('boolean', { name: 'auto_renew' }) autoRenew: boolean;
  @Column('boolean', { name: 'cancel_at_period_end' }) cancelAtPeriodEnd: boolean;
  @Column(instant({ name: 'canceled_at', nullable: true })) canceledAt: Date | null;
  @Column(instant({ name: 'ended_at', nullable: true })) endedAt: Date | null;
  @Column(instant({ name: 'paused_at', nullable: true })) pausedAt: Date | null;
  @Column('jsonb', { name: 'scheduled_change', nullable: true }) scheduledChange: ScheduledChange | null;
  @Column('integer') version: number;
  @Column(instant({ name: 'created_at' })) createdAt: Date;
  @Column(instant({ name: 'updated_at' })) updatedAt: Date;
}
