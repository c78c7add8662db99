import { IsOptional, IsString, Length } from 'class-validator';

/** A postal address. */
export class AddressDto {
  /** Street and number. @example "1 Market Street" */
  @IsString()
  @Length(1, 200)
  line1: string;

  /** More of the address. @example "3rd floor" */
  @IsOptional()
  @IsString()
  @Length(1, 200)
  line2?: string | null;

  /** Postal code. @example "10115" */
  @IsString()
  @Length(1, 20)
  postalCode: string;

  /** Town or city. @example Berlin */
  @IsString()
  @Length(1, 100)
  city: string;

  /** State or province, where taxes or mail need it. @example BC */
  @IsOptional()
  @IsString()
  @Length(1, 100)
  region?: string | null;

  /** ISO 3166-1 alpha-2. @example DE */
  @IsString()
  @Length(2, 2)
  country: string;
}

/** A postal address as it is stored. */
export class StoredAddressDto {
  line1: string;
  line2: string | null;
  postalCode: string;
  city: string;
  region: string | null;
  country: string;
}
