import { ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Max,
  Min,
} from 'class-validator';
import { INVOICE_STATUSES, type InvoiceStatus } from '@app/billing';
import { MAX_AMOUNT } from '@app/kernel';
import {
  CurrencyField,
  CustomerField,
  EXAMPLE_ID,
  InstantField,
  ProductField,
  ReasonField,
} from '../../http/input/fields.js';
import { Nested } from '../../http/input/nested.js';
import { ListQuery } from '../../http/pagination/list.query.js';

export class InvoiceListQueryDto extends ListQuery {
  @ProductField({ nonEmpty: true, description: 'Key of a product. Default: all that the caller may see.' })
  product?: string;

  @CustomerField({ optional: true, nonEmpty: true, description: 'Key of a customer, or "me". Default: all.' })
  customer?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'Id of a subscription.', example: EXAMPLE_ID })
  @IsOptional()
  @IsUUID()
  subscription?: string;

  /** Only invoices in this status. @example open */
  @IsOptional()
  @IsIn(INVOICE_STATUSES)
  status?: InvoiceStatus;

  @InstantField({ optional: true, description: 'Billed at or after this instant.' })
  from?: string;

  @InstantField({ optional: true, description: 'Billed before this instant.' })
  to?: string;
}

export class InvoiceExportQueryDto extends OmitType(InvoiceListQueryDto, ['limit', 'cursor', 'fields']) {}

/** A line of a manual invoice. */
export class ManualLineDto {
  /** The item that was sold. @example "Workshop, two days" */
  @IsString()
  @Length(1, 500)
  description: string;

  /** Units of what was sold. Default: 1. @example 2 */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  quantity?: number;

  /** Minor units of the currency; negative for a reduction. @example 50000 */
  @IsInt()
  @Min(-MAX_AMOUNT)
  @Max(MAX_AMOUNT)
  unitAmount: number;

  @InstantField({ optional: true, description: 'Start of the service. Default: now.' })
  periodStart?: string;

  @InstantField({ optional: true, description: 'End of the service, exclusive. Default: its start.' })
  periodEnd?: string;
}

export class CreateInvoiceDto {
  /** Key of the customer. */
  @CustomerField({ nonEmpty: true })
  customer: string;

  @ProductField()
  product?: string;

  /** Currency of the amounts: an ISO 4217 code. */
  @CurrencyField()
  currency: string;

  /** Up to 100 lines. */
  @Nested(() => ManualLineDto, { each: true })
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  lines: ManualLineDto[];
}

/** Why an invoice is changed. Finance must give a reason. */
export class InvoiceReasonDto {
  /** Why; stored with the event. */
  @ReasonField({ optional: true, nonEmpty: true })
  reason?: string;
}

export class RequiredReasonDto {
  /** Why; stored with the event. */
  @ReasonField({ nonEmpty: true })
  reason: string;
}
