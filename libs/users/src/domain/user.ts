import { invalidField } from '@app/kernel';

/** What people may be: `support` reads everything and repairs with a reason, `product_admin` rules one product, `admin` all of them. */
export const ROLES = ['user', 'support', 'product_admin', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** In which people are written to. */
export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/** What mail may be about, beside the account itself; each can be muted. */
export const MAIL_TOPICS = ['subscription', 'renewal', 'payment', 'reminder', 'usage', 'operations'] as const;
export type MailTopic = (typeof MAIL_TOPICS)[number];

/** A login account; each has one customer. */
export interface User {
  id: string;
  customerId: string;
  /** As the person wrote it. */
  email: string;
  /** One spelling for all: what makes an account unique. */
  canonicalEmail: string;
  name: string | null;
  /** When its owner proved to receive mail there; null: not yet. */
  emailVerifiedAt: Date | null;
  passwordHash: string;
  role: Role;
  /** The product that a product admin rules; null for everybody else. */
  productId: string | null;
  active: boolean;
  /** False: no mail but what concerns the account itself. */
  mailEnabled: boolean;
  mutedMails: MailTopic[];
  language: Language;
  createdAt: Date;
  updatedAt: Date;
}

/** What a user is and may do: the part that admins decide. */
export type RoleAndStatus = Pick<User, 'role' | 'productId' | 'active'>;

/** A standing with changes made to it. @throws DomainError `invalid_fields` unless a product is named for product admins, and for nobody else */
export function changeRoleAndStatus(before: RoleAndStatus, changes: Partial<RoleAndStatus>): RoleAndStatus {
  const role = changes.role ?? before.role;
  const productId = role === 'product_admin' ? (changes.productId ?? before.productId) : null;
  if (role === 'product_admin' && productId === null) throw invalidField('product', 'is required of a product admin');
  if (role !== 'product_admin' && changes.productId) throw invalidField('product', 'is for product admins only');
  return { role, productId, active: changes.active ?? before.active };
}

/** The one spelling of a mail address: no surrounding space, one width and one composition of characters (NFKC), lower case. */
export const canonicalEmail = (email: string): string => email.trim().normalize('NFKC').toLowerCase().normalize('NFKC');

/** Loose on purpose: something, an at sign, something; only a delivered message proves an address. */
export const isEmail = (email: string): boolean =>
  /^[^\s@\p{C}]{1,64}@[^\s@\p{C}]{1,189}$/u.test(canonicalEmail(email));
