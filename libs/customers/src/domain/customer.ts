import { invalidField, isCurrency, isTimeZone } from '@app/kernel';

/** Who subscribes. `key` is the caller's own name for it; prices and plans are chosen by region and device type. */
export interface Customer {
  id: string;
  key: string;
  name: string | null;
  email: string | null;
  /** ISO 3166-1 alpha-2. */
  region: string | null;
  deviceType: string | null;
  /** IANA name; windows and periods follow its wall clock. */
  timezone: string;
  /** ISO 4217. */
  currency: string | null;
  firstSubscriptionId: string;
  /** The clock that it lives by; null: real time. Never changes. */
  testClockId: string | null;
  deletedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** What a caller may say of a customer; a field left out stays as it is. */
export type CustomerProfile = Partial<
  Pick<Customer, 'name' | 'email' | 'region' | 'deviceType' | 'timezone' | 'currency'>
>;

const PROFILE_FIELDS = ['name', 'email', 'region', 'deviceType', 'timezone', 'currency'] as const;
/** One to 128 printable characters: no control, format, separator or unassigned ones. */
const PRINTABLE_KEY = /^(?! )[\p{L}\p{M}\p{N}\p{P}\p{S} ]{1,128}(?<! )$/u;
/** `me` stands for the caller's own customer in every path. */
const RESERVED_KEY = 'me';

/** @throws DomainError `invalid_fields` */
export function checkCustomerKey(key: string): void {
  if (!PRINTABLE_KEY.test(key)) throw invalidField('key', 'must be 1 to 128 printable characters');
  if (key === RESERVED_KEY) throw invalidField('key', '"me" stands for the caller');
}

/** @throws DomainError `invalid_fields` */
export function checkProfile(profile: CustomerProfile): void {
  if (profile.timezone !== undefined && !isTimeZone(profile.timezone))
    throw invalidField('timezone', 'must be an IANA time zone such as Europe/Berlin');
  if (profile.currency && !isCurrency(profile.currency))
    throw invalidField('currency', 'must be an ISO 4217 code such as USD');
}

/** The fields of `profile` that differ from what is stored. */
export function changedFields(customer: CustomerProfile, profile: CustomerProfile): CustomerProfile {
  const changed = PROFILE_FIELDS.filter((field) => profile[field] !== undefined && profile[field] !== customer[field]);
  return Object.fromEntries(changed.map((field) => [field, profile[field]]));
}

/** What an event keeps of a customer: no name and no e-mail, because events outlive the person's wish to be forgotten. */
export function customerFacts({ key, region, deviceType, timezone, currency }: Customer): object {
  return { key, region, deviceType, timezone, currency };
}
