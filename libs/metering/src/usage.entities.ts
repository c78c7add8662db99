import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Actor } from '@app/kernel';
import { count, instant } from '@app/platform';

/** The sum of the ledger in one window, kept in the ledger's own transactions. */
@Entity('usage_counters')
export class UsageCounterEntity {
  @PrimaryColumn('uuid', { name: 'customer_id' }) customerId: string;
  @PrimaryColumn('uuid', { name: 'feature_id' }) featureId: string;
  @PrimaryColumn(instant({ name: 'window_start' }) as never) windowStart: Date;
  @Column(count()) used: number;
  @Column(count()) reserved: number;
  @Column(count({ name: 'hard_limit', nullable: true })) hardLimit: number | null;
  @Column(instant({ name: 'updated_at' })) updatedAt: Date;
}

/** An immutable fact: so many units of a feature, by one customer, at one instant. Negative: given back. */
@Entity('usage_ledger')
export class UsageLedgerEntity {
  @PrimaryColumn('uuid', { name: 'customer_id' }) customerId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'feature_id' }) featureId: string;
  @Column(instant({ name: 'window_start' })) windowStart: Date;
  @Column(count()) quantity: number;
  @Column(instant({ name: 'occurred_at' })) occurredAt: Date;
  @Column(instant({ name: 'recorded_at' })) recordedAt: Date;
  @Column('jsonb') actor: Actor;
  @Column('jsonb', { nullable: true }) properties: object | null;
}
