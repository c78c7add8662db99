import type { Customer } from '@app/customers';
import { DomainError, type FieldError } from '@app/kernel';
import type { Language } from '@app/users';
import type { Address, Collection, Party, TaxExempt } from './invoice.js';
import type { TaxPlace } from './tax-rates.js';

/** Details that the customer gives about itself. */
export interface BuyerDetails {
  /** Legal name. */
  name: string;
  address: Address | null;
  taxId: string | null;
  /** For invoices; null: that of the customer. */
  email: string | null;
  /** Of invoices and their mails; null: that of the user, else of the product. */
  language: Language | null;
}

/** Terms that the seller agrees to. */
export interface PaymentTerms {
  taxExempt: TaxExempt;
  collection: Collection;
  /** Days until an invoice is due; null: those of the product. */
  netDays: number | null;
}

/** How a customer is addressed on invoices, taxed, and pays. */
export interface BillingProfile extends BuyerDetails, PaymentTerms {
  /** 0: nothing was stored yet, and these are the defaults. */
  version: number;
  updatedAt: Date | null;
}

/** A profile as stored. */
export type StoredBillingProfile = BuyerDetails & PaymentTerms;

const DEFAULT_TERMS: PaymentTerms = { taxExempt: 'none', collection: 'charge_automatically', netDays: null };

type Buyer = Pick<Customer, 'key' | 'name' | 'email' | 'region'>;

/** The profile of a customer that has stored none: its own name, or its key. */
export const defaultProfile = ({ key, name, email }: Buyer): BillingProfile => ({
  name: name ?? key,
  address: null,
  taxId: null,
  email,
  language: null,
  ...DEFAULT_TERMS,
  version: 0,
  updatedAt: null,
});

/** Input of `put`: details are replaced as a whole; terms that are left out stay. */
export type NewBillingProfile = Pick<BuyerDetails, 'name'> & Partial<BuyerDetails> & Partial<PaymentTerms>;

/** The profile after a `put`, not yet checked. */
export function replacedProfile(before: PaymentTerms, input: NewBillingProfile): StoredBillingProfile {
  const { name, address, taxId, email, language, taxExempt, collection, netDays } = input;
  return {
    name: name.trim(),
    address: address ?? null,
    taxId: taxId?.trim() || null,
    email: email ?? null,
    language: language ?? null,
    taxExempt: taxExempt ?? before.taxExempt,
    collection: collection ?? before.collection,
    netDays: netDays === undefined ? before.netDays : netDays,
  };
}

const MAX_NET_DAYS = 365;

/**
 * @param isEmail recognizes an e-mail address
 * @throws DomainError `invalid_fields` with every field that is wrong
 */
export function checkBillingProfile(
  { name, address, taxId, taxExempt, email, netDays }: StoredBillingProfile,
  isEmail: (text: string) => boolean,
): void {
  const wrong: [boolean, string, string][] = [
    [name === '', 'name', 'must not be empty'],
    [address !== null && !/^[A-Z]{2}$/.test(address.country), 'address.country', 'must be two capital letters'],
    [email !== null && !isEmail(email), 'email', 'must be an e-mail address'],
    [
      netDays !== null && (!Number.isInteger(netDays) || netDays < 0 || netDays > MAX_NET_DAYS),
      'netDays',
      `must be 0 to ${MAX_NET_DAYS}`,
    ],
    [taxExempt === 'reverse_charge' && taxId === null, 'taxId', 'is required with reverse_charge'],
    [taxExempt === 'reverse_charge' && address === null, 'address', 'is required with reverse_charge'],
  ];
  const errors = wrong.flatMap(([isWrong, field, message]): FieldError[] => (isWrong ? [{ field, message }] : []));
  if (errors.length > 0) throw new DomainError('invalid', 'invalid_fields', 'Some fields are not valid.', { errors });
}

/** The buyer as on a document in a language. Finalized invoices keep this copy. */
export const buyerOf = ({ name, address, taxId, email, taxExempt }: BillingProfile, language: Language): Party => ({
  name,
  address,
  taxId,
  email,
  taxExempt,
  language,
});

/** Where the buyer is taxed: its address, else the region of the customer. */
export function taxPlaceOf(
  { address }: Pick<BillingProfile, 'address'>,
  { region }: Pick<Buyer, 'region'>,
): TaxPlace | null {
  if (address) return { country: address.country, region: address.region };
  return region === null ? null : { country: region, region: null };
}

/** A profile as events contain it: without personal data, because events are kept after it is erased. */
export const profileEventPayload = (
  { address, taxExempt, collection, netDays, language }: StoredBillingProfile,
  version: number,
): object => ({ country: address?.country ?? null, taxExempt, collection, netDays, language, version });
