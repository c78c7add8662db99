import { invalidField } from '@app/kernel';

/**
 * Roles of an account. `support` reads every customer and repairs with a reason; `finance` reads the money of every
 * customer, refunds and marks paid with a reason; `product_admin` manages one product; `admin` manages all of them.
 */
export const ROLES = ['user', 'support', 'finance', 'product_admin', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Languages of mails and notifications. */
export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Topics of mails that a user can mute. Mails about the account itself have no topic and are always sent. */
export const MAIL_TOPICS = ['subscription', 'renewal', 'payment', 'reminder', 'usage', 'operations'] as const;
export type MailTopic = (typeof MAIL_TOPICS)[number];

/** A login account; each has one customer. */
export interface User {
  id: string;
  customerId: string;
  /** As the user wrote it. */
  email: string;
  /** Canonical spelling: unique over all accounts. */
  canonicalEmail: string;
  name: string | null;
  /** When its owner confirmed a mail to the address; null: not yet. */
  emailVerifiedAt: Date | null;
  /** Null: the user signs in by single sign-on only. */
  passwordHash: string | null;
  role: Role;
  /** The product of a product admin; null for every other role. */
  productId: string | null;
  active: boolean;
  /** False: only mails about the account itself. */
  mailEnabled: boolean;
  mutedMails: MailTopic[];
  language: Language;
  createdAt: Date;
  updatedAt: Date;
}

/** The rights of a user: the fields that only admins change. */
export type RoleAndStatus = Pick<User, 'role' | 'productId' | 'active'>;

/**
 * Rights after changes. A product admin has a product; every other role has none.
 *
 * @throws DomainError `invalid_fields` when a product is missing for a product admin, or given for another role
 */
export function changeRoleAndStatus(before: RoleAndStatus, changes: Partial<RoleAndStatus>): RoleAndStatus {
  const role = changes.role ?? before.role;
  const productId = role === 'product_admin' ? (changes.productId ?? before.productId) : null;
  if (role === 'product_admin' && productId === null)
    throw invalidField('product', 'is required for the role product_admin');
  if (role !== 'product_admin' && changes.productId)
    throw invalidField('product', 'is allowed only for the role product_admin');
  return { role, productId, active: changes.active ?? before.active };
}

/** Canonical spelling of a mail address: no surrounding space, NFKC (one width, one composition), lower case. */
export const canonicalEmail = (email: string): string => email.trim().normalize('NFKC').toLowerCase().normalize('NFKC');

/** Loose on purpose: text, an at sign, text. Only a delivered message proves an address. */
export const isEmail = (email: string): boolean =>
  /^[^\s@\p{C}]{1,64}@[^\s@\p{C}]{1,189}$/u.test(canonicalEmail(email));
