export type Role = 'user' | 'admin';

/** A login account; each has one customer. */
export interface User {
  id: string;
  customerId: string;
  /** As the person wrote it. */
  email: string;
  /** One spelling for all: what makes an account unique. */
  canonicalEmail: string;
  name: string | null;
  passwordHash: string;
  role: Role;
  active: boolean;
  webhookUrl: string | null;
  mailEnabled: boolean;
  createdAt: Date;
  updatedAt: Date;
}

/** The one spelling of a mail address: no surrounding space, one width and one composition of characters (NFKC), lower case. */
export const canonicalEmail = (email: string): string => email.trim().normalize('NFKC').toLowerCase().normalize('NFKC');

/** Loose on purpose: something, an at sign, something; only a delivered message proves an address. */
export const isEmail = (email: string): boolean => /^[^\s@\p{C}]{1,64}@[^\s@\p{C}]{1,189}$/u.test(canonicalEmail(email));
