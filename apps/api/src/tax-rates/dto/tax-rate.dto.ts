import { ArrayMaxSize, IsArray, IsBoolean, IsOptional, IsString, Length, MaxLength } from 'class-validator';
import { type TaxRate, taxRateContent } from '@app/catalog';
import { InstantField, KeyField, NameField, Omittable, ProductField } from '../../http/input/fields.js';
import { Nested } from '../../http/input/nested.js';

/** A decimal text of a percentage: its command checks the range. */
const MAX_DECIMAL = 8;

/** The lines that a tax rate is for: those of one of these. */
export class TaxRateTargetsDto {
  /** Keys of plans. @example ["ebooks"] */
  @Omittable()
  @IsArray()
  @ArrayMaxSize(500)
  @IsString({ each: true })
  @MaxLength(64, { each: true })
  plans?: string[];

  /** Keys of add-ons. @example [] */
  @Omittable()
  @IsArray()
  @ArrayMaxSize(500)
  @IsString({ each: true })
  @MaxLength(64, { each: true })
  addOns?: string[];

  /** Keys of features. @example [] */
  @Omittable()
  @IsArray()
  @ArrayMaxSize(500)
  @IsString({ each: true })
  @MaxLength(64, { each: true })
  features?: string[];
}

class TaxRateContentDto {
  /**
   * true: prices contain the tax. false: it is added to them.
   * @default false
   * @example false
   */
  @Omittable()
  @IsBoolean()
  inclusive?: boolean;

  /** Country of the buyers that pay the tax, ISO 3166-1 alpha-2. Null: every country. @example DE */
  @IsOptional()
  @IsString()
  @Length(2, 2)
  country?: string | null;

  /** Region of the buyers within the country, as in their addresses. Null: every region. @example BC */
  @IsOptional()
  @IsString()
  @Length(1, 100)
  region?: string | null;

  /** First instant at which the rate is in force. Null: always was. */
  @InstantField({ optional: true })
  validFrom?: string | null;

  /** First instant at which it is not in force any more. Null: never. */
  @InstantField({ optional: true })
  validUntil?: string | null;

  /** Lines that have the rate. Null: every line. */
  @IsOptional()
  @Nested(() => TaxRateTargetsDto)
  appliesTo?: TaxRateTargetsDto | null;
}

/** A tax rate of a catalogue document. */
export class CatalogTaxRateDto extends TaxRateContentDto {
  /** Key of the tax rate; unique within the product. @example de-vat */
  @KeyField()
  key: string;

  /** Name on invoices. @example VAT */
  @NameField()
  name: string;

  /** Percent, as a decimal text from 0 to 100 with up to four places. @example "19" */
  @IsString()
  @MaxLength(MAX_DECIMAL)
  percentage: string;
}

export class CreateTaxRateDto extends CatalogTaxRateDto {
  @ProductField()
  product?: string;
}

/** Omitted fields stay unchanged. Finalized invoices keep the rates they have. */
export class UpdateTaxRateDto extends TaxRateContentDto {
  @ProductField()
  product?: string;

  /** Name on invoices. @example VAT */
  @NameField({ optional: 'not null' })
  name?: string;

  /** Percent, as a decimal text from 0 to 100 with up to four places. @example "19" */
  @Omittable()
  @IsString()
  @MaxLength(MAX_DECIMAL)
  percentage?: string;
}

/** A tax on what a product sells. */
export class TaxRateDto {
  id: string;
  key: string;
  name: string;
  /** Percent as a decimal text. @example "19" */
  percentage: string;
  inclusive: boolean;
  country: string | null;
  region: string | null;
  validFrom: string | null;
  validUntil: string | null;
  appliesTo: TaxRateTargetsDto | null;
  createdAt: Date;
  updatedAt: Date;

  static of(taxRate: TaxRate): TaxRateDto {
    const { id, key, createdAt, updatedAt } = taxRate;
    return { id, key, ...taxRateContent(taxRate), createdAt, updatedAt };
  }
}

export class TaxRatePageDto {
  data: TaxRateDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
