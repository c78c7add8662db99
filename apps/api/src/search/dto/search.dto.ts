import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { ApiProperty } from '@nestjs/swagger';
import { FOUND_ITEMS } from '@app/catalog';
import { SearchField } from '../../http/input/fields.js';

export const HIT_TYPES = ['customer', 'subscription', 'invoice', ...FOUND_ITEMS] as const;

export class SearchQueryDto {
  @SearchField({
    description:
      'Text to find. Customers: start of the key, the e-mail address, the name or its second word. Invoices: start of ' +
      'the number, or the serial number. Subscriptions: the id. Catalogue: a part of the key or the name.',
  })
  q: string;

  /** Maximum number of hits of each type. @example 5 */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(20)
  limit: number = 5;
}

/** An object that a search found. */
export class SearchHitDto {
  @ApiProperty({ enum: HIT_TYPES })
  type: (typeof HIT_TYPES)[number];
  id: string;
  /** Key of the object; of an invoice its number; of a subscription its id. */
  key: string;
  /** Key of the customer; null for objects of the catalogue. */
  customer: string | null;
  /** Key of the product; null for customers. */
  product: string | null;
  /** Name or number that people read. */
  title: string;
  /** E-mail address, status or key; null: none. */
  subtitle: string | null;
}

export class SearchResultDto {
  data: SearchHitDto[];
}
