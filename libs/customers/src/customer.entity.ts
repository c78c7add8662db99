import { Column, Entity, PrimaryColumn } from 'typeorm';
import { instant } from '@app/platform';
import type { Customer } from './domain/customer.js';

@Entity('customers')
export class CustomerEntity implements Customer {
  @PrimaryColumn('uuid') id: string;
  @Column('text') key: string;
  @Column('text', { nullable: true }) name: string | null;
  @Column('text', { nullable: true }) email: string | null;
  @Column('text', { nullable: true }) region: string | null;
  @Column('text', { name: 'device_type', nullable: true }) deviceType: string | null;
  @Column('text') timezone: string;
  @Column('text', { nullable: true }) currency: string | null;
  @Column('uuid', { name: 'first_subscription_id' }) firstSubscriptionId: string;
  @Column('uuid', { name: 'test_clock_id', nullable: true }) testClockId: string | null;
  @Column(instant({ name: 'deleted_at', nullable: true })) deletedAt: Date | null;
  @Column(instant({ name: 'created_at' })) createdAt: Date;
  @Column(instant({ name: 'updated_at' })) updatedAt: Date;
}
