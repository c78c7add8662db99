import { invalidField, isCurrency, isTimeZone } from '@app/kernel';

/** A subscriber. The caller chooses its `key`; region and device type decide prices and plans. */
export interface Customer {
  id: string;
  key: string;
  name: string | null;
  email: string | null;
  /** ISO 3166-1 alpha-2. */
  region: string | null;
  deviceType: string | null;
  /** IANA name. Usage windows and billing periods follow the wall clock of this zone. */
  timezone: string;
  /** ISO 4217. */
  currency: string | null;
  firstSubscriptionId: string;
  /** The test clock that defines the current time of the customer; null: real time. Never changes. */
  testClockId: string | null;
  deletedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** The fields of a customer that a caller may set. A field that is left out keeps its value. */
export type CustomerProfile = Partial<
  Pick<Customer, 'name' | 'email' | 'region' | 'deviceType' | 'timezone' | 'currency'>
>;

const PROFILE_FIELDS = ['name', 'email', 'region', 'deviceType', 'timezone', 'currency'] as const;
/** 1 to 128 printable characters; no control, format, separator or unassigned characters, no space at either end. */
const PRINTABLE_KEY = /^(?! )[\p{L}\p{M}\p{N}\p{P}\p{S} ]{1,128}(?<! )$/u;
/** `me` is reserved: in paths it means the customer of the caller. */
const RESERVED_KEY = 'me';
/** Clients remove these segments from a URL, encoded ones too: no request could name such a customer. */
const DOT_SEGMENTS = ['.', '..'];

/** Rejects a key that is not printable, is reserved, or cannot be in a URL. @throws DomainError `invalid_fields` */
export function checkCustomerKey(key: string): void {
  if (!PRINTABLE_KEY.test(key)) throw invalidField('key', 'must be 1 to 128 printable characters');
  if (DOT_SEGMENTS.includes(key)) throw invalidField('key', 'must not be "." or "..", which clients remove from a URL');
  if (key === RESERVED_KEY) throw invalidField('key', 'must not be "me", which is reserved for the caller');
}

/** Rejects an unknown time zone or currency. @throws DomainError `invalid_fields` */
export function checkProfile(profile: CustomerProfile): void {
  if (profile.timezone !== undefined && !isTimeZone(profile.timezone))
    throw invalidField('timezone', 'must be an IANA time zone such as Europe/Berlin');
  if (profile.currency && !isCurrency(profile.currency))
    throw invalidField('currency', 'must be an ISO 4217 code such as USD');
}

/** The fields of `profile` that differ from the stored ones. */
export function changedFields(customer: CustomerProfile, profile: CustomerProfile): CustomerProfile {
  const changed = PROFILE_FIELDS.filter((field) => profile[field] !== undefined && profile[field] !== customer[field]);
  return Object.fromEntries(changed.map((field) => [field, profile[field]]));
}

/** A customer as events contain it: without name and e-mail, because events are kept after personal data is erased. */
export function customerEventPayload({ key, region, deviceType, timezone, currency }: Customer): object {
  return { key, region, deviceType, timezone, currency };
}
