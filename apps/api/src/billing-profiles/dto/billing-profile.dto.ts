import { IsIn, IsInt, IsOptional, IsString, Length, Max, Min } from 'class-validator';
import {
  type BillingProfile,
  type Collection,
  COLLECTIONS,
  type NewBillingProfile,
  TAX_EXEMPTIONS,
  type TaxExempt,
} from '@app/billing';
import { type Language, LANGUAGES } from '@app/users';
import { EmailField, NameField, Omittable } from '../../http/input/fields.js';
import { Nested } from '../../http/input/nested.js';
import { AddressDto, StoredAddressDto } from './address.dto.js';

/** Details that a customer gives about itself, and the terms of its seller. */
export class PutBillingProfileDto {
  /** Legal name, as on invoices. @example "Acme Ltd" */
  @NameField()
  name: string;

  /** Null or left out: invoices have no address, and taxes follow the region of the customer. */
  @IsOptional()
  @Nested(() => AddressDto)
  address?: AddressDto | null;

  /** Tax number, such as a VAT id. @example DE123456789 */
  @IsOptional()
  @IsString()
  @Length(1, 50)
  taxId?: string | null;

  /** Where invoices are sent. Null or left out: the address of the customer. */
  @EmailField({ optional: true })
  email?: string | null;

  /**
   * Language of invoices and their mails. Null or left out: that of the user, else of the billing settings of the
   * product.
   * @example en
   */
  @IsOptional()
  @IsIn(LANGUAGES)
  language?: Language | null;

  /**
   * `exempt` pays no tax; `reverse_charge` owes it itself, and needs `taxId` and `address`. Left out: stays. API keys
   * and admins only.
   * @example none
   */
  @Omittable()
  @IsIn(TAX_EXEMPTIONS)
  taxExempt?: TaxExempt;

  /**
   * Invoices are charged to the default payment method, or sent to be paid. Left out: stays. API keys and admins only.
   * @example charge_automatically
   */
  @Omittable()
  @IsIn(COLLECTIONS)
  collection?: Collection;

  /**
   * Days until a sent invoice is due; null: as the product says. Left out: stays. API keys and admins only.
   * @example 30
   */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(365)
  netDays?: number | null;
}

/** The input of the command: an address has all of its members. */
export const newBillingProfile = ({ address, ...body }: PutBillingProfileDto): NewBillingProfile => ({
  ...body,
  address: address ? { ...address, line2: address.line2 ?? null, region: address.region ?? null } : null,
});

/** How a customer is addressed on invoices, taxed, and pays. */
export class BillingProfileDto {
  name: string;
  address: StoredAddressDto | null;
  taxId: string | null;
  email: string | null;
  /** Null: that of the user, else of the billing settings of the product. */
  language: Language | null;
  taxExempt: TaxExempt;
  collection: Collection;
  /** Null: as the product says. */
  netDays: number | null;
  /** 0: nothing is stored yet, these are the defaults. */
  version: number;
  updatedAt: Date | null;

  static of(profile: BillingProfile): BillingProfileDto {
    const { name, address, taxId, email, language, taxExempt, collection, netDays, version, updatedAt } = profile;
    return { name, address, taxId, email, language, taxExempt, collection, netDays, version, updatedAt };
  }
}
