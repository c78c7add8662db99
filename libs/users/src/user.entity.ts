import { Column, Entity, PrimaryColumn } from 'typeorm';
import { instant } from '@app/platform';
import type { Role, User } from './domain/user.js';

@Entity('users')
export class UserEntity implements User {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'customer_id' }) customerId: string;
  @Column('text') email: string;
  @Column('text', { name: 'canonical_email' }) canonicalEmail: string;
  @Column('text', { nullable: true }) name: string | null;
  @Column('text', { name: 'password_hash' }) passwordHash: string;
  @Column('text') role: Role;
  @Column('boolean') active: boolean;
  @Column('text', { name: 'webhook_url', nullable: true }) webhookUrl: string | null;
  @Column('boolean', { name: 'mail_enabled' }) mailEnabled: boolean;
  @Column(instant({ name: 'created_at' })) createdAt: Date;
  @Column(instant({ name: 'updated_at' })) updatedAt: Date;
}
