import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import {
  BILLING_PROVIDERS,
  type BillingProvider,
  type BillingSettings,
  CANCELLATION_CREDITS,
  type CancellationCredit,
  DUNNING_ENDS,
  type DunningEnd,
  INVOICE_LANGUAGES,
  type InvoiceLanguage,
  PRORATION_BILLINGS,
  type ProrationBilling,
} from '@app/catalog';
import { AddressDto, StoredAddressDto } from '../../billing-profiles/dto/address.dto.js';
import { EmailField, NameField, Omittable } from '../../http/input/fields.js';
import { Nested } from '../../http/input/nested.js';

const MAX_FORMAT = 40;

/** Steps after a failed payment. */
export class DunningDto {
  /**
   * Days after the first failure on which the charge is repeated, ascending. Default: 1, 3, 5 and 7.
   * @example [1, 3, 5, 7]
   */
  @Omittable()
  @IsArray()
  @ArrayMaxSize(10)
  @IsInt({ each: true })
  @Min(1, { each: true })
  @Max(60, { each: true })
  retryDays?: number[];

  /**
   * After the last failure the subscription is canceled, paused or kept.
   * @default cancel
   * @example cancel
   */
  @Omittable()
  @IsIn(DUNNING_ENDS)
  finally?: DunningEnd;
}

/** The seller of the product, as on its invoices. */
export class SellerDto {
  /** Legal name. Left out: the name of the product. @example "Example GmbH" */
  @NameField({ optional: 'not null' })
  name?: string;

  /** Registered address. */
  @IsOptional()
  @Nested(() => AddressDto)
  address?: AddressDto | null;

  /** Tax number, such as a VAT id. @example DE123456789 */
  @IsOptional()
  @IsString()
  @Length(1, 50)
  taxId?: string | null;

  /** Address for questions about invoices. */
  @EmailField({ optional: true })
  email?: string | null;

  /** How to pay an invoice that is not collected automatically. @example "IBAN DE02 1203 0000 0000 2020 51" */
  @IsOptional()
  @IsString()
  @Length(1, 1_000)
  paymentDetails?: string | null;
}

/** How a product is billed. Omitted settings have their defaults. */
export class PutBillingSettingsDto {
  /**
   * The collector of the payments. `sandbox` moves no money; `manual` is paid by bank transfer and marked as paid.
   * @default sandbox
   * @example stripe
   */
  @Omittable()
  @IsIn(BILLING_PROVIDERS)
  provider?: BillingProvider;

  /**
   * The difference of a change within a period is invoiced immediately, or with the next period.
   * @default immediately
   * @example immediately
   */
  @Omittable()
  @IsIn(PRORATION_BILLINGS)
  prorationBilling?: ProrationBilling;

  /**
   * Hours that the draft of an invoice waits for usage of the period that ended.
   * @default 1
   * @example 1
   */
  @Omittable()
  @IsInt()
  @Min(0)
  @Max(72)
  usageGraceHours?: number;

  /**
   * Days until an invoice is due that is not collected automatically.
   * @default 14
   * @example 14
   */
  @Omittable()
  @IsInt()
  @Min(0)
  @Max(365)
  netDays?: number;

  /**
   * Form of invoice numbers: `{number}` once, `{year}` if wanted.
   * @default INV-{year}-{number}
   * @example "INV-{year}-{number}"
   */
  @Omittable()
  @IsString()
  @MaxLength(MAX_FORMAT)
  invoiceNumberFormat?: string;

  /**
   * Form of the numbers of credit notes.
   * @default CN-{year}-{number}
   * @example "CN-{year}-{number}"
   */
  @Omittable()
  @IsString()
  @MaxLength(MAX_FORMAT)
  creditNoteNumberFormat?: string;

  /** Steps after a failed payment. */
  @Omittable()
  @Nested(() => DunningDto)
  dunning?: DunningDto;

  /**
   * Days that entitlements stay after a failed payment. 0: none.
   * @default 7
   * @example 7
   */
  @Omittable()
  @IsInt()
  @Min(0)
  @Max(90)
  pastDueGraceDays?: number;

  /**
   * true: a period for which nothing is due has an invoice too.
   * @default false
   * @example false
   */
  @Omittable()
  @IsBoolean()
  zeroInvoices?: boolean;

  /**
   * Language of invoices and their mails to customers whose billing profile and user name none.
   * @default en
   * @example en
   */
  @Omittable()
  @IsIn(INVOICE_LANGUAGES)
  language?: InvoiceLanguage;

  /**
   * The rest of a paid period that ends early goes to the credit balance, or back to the payment method.
   * @default balance
   * @example balance
   */
  @Omittable()
  @IsIn(CANCELLATION_CREDITS)
  cancellationCredit?: CancellationCredit;

  /** The seller of the product. */
  @Omittable()
  @Nested(() => SellerDto)
  seller?: SellerDto;
}

class ProductSellerDto {
  name: string;
  address: StoredAddressDto | null;
  taxId: string | null;
  email: string | null;
  paymentDetails: string | null;
}

class ProductDunningDto {
  retryDays: number[];
  finally: DunningEnd;
}

/** How a product is billed. */
export class BillingSettingsDto {
  provider: BillingProvider;
  prorationBilling: ProrationBilling;
  usageGraceHours: number;
  netDays: number;
  invoiceNumberFormat: string;
  creditNoteNumberFormat: string;
  dunning: ProductDunningDto;
  pastDueGraceDays: number;
  zeroInvoices: boolean;
  language: InvoiceLanguage;
  cancellationCredit: CancellationCredit;
  seller: ProductSellerDto;

  static of(settings: BillingSettings): BillingSettingsDto {
    return settings;
  }
}
