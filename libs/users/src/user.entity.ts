import { Column, Entity, PrimaryColumn } from 'typeorm';
import { instant } from '@app/platform';
import type { Language, MailTopic, Role, User } from './domain/user.js';

/**
 * A user account. A deleted account keeps only its id and is never read through this entity, so columns that are null
 * only after deletion are typed as present.
 */
@Entity('users')
export class UserEntity implements User {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'customer_id' }) customerId: string;
  @Column('text', { nullable: true }) email: string;
  @Column('text', { name: 'canonical_email', nullable: true }) canonicalEmail: string;
  @Column('text', { nullable: true }) name: string | null;
  @Column(instant({ name: 'email_verified_at', nullable: true })) emailVerifiedAt: Date | null;
  @Column('text', { name: 'password_hash', nullable: true }) passwordHash: string | null;
  @Column('text') role: Role;
  @Column('uuid', { name: 'product_id', nullable: true }) productId: string | null;
  @Column('boolean') active: boolean;
  @Column('boolean', { name: 'mail_enabled' }) mailEnabled: boolean;
  @Column('text', { name: 'muted_mails', array: true }) mutedMails: MailTopic[];
  @Column('text') language: Language;
  @Column(instant({ name: 'deleted_at', nullable: true })) deletedAt: Date | null;
  @Column(instant({ name: 'created_at' })) createdAt: Date;
  @Column(instant({ name: 'updated_at' })) updatedAt: Date;
}
