import { ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, IsUUID, Length, Max, Min } from 'class-validator';
import { PAYMENT_STATUSES, type PaymentStatus } from '@app/billing';
import { MAX_AMOUNT } from '@app/kernel';
import {
  CustomerField,
  EXAMPLE_ID,
  InstantField,
  Omittable,
  ProductField,
  ReasonField,
} from '../../http/input/fields.js';
import { ListQuery } from '../../http/pagination/list.query.js';

export class PaymentListQueryDto extends ListQuery {
  @ProductField({ nonEmpty: true, description: 'Key of a product. Default: all that the caller may see.' })
  product?: string;

  @CustomerField({ optional: true, nonEmpty: true, description: 'Key of a customer, or "me". Default: all.' })
  customer?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'Id of an invoice.', example: EXAMPLE_ID })
  @IsOptional()
  @IsUUID()
  invoice?: string;

  /** Only payments in this status. @example failed */
  @IsOptional()
  @IsIn(PAYMENT_STATUSES)
  status?: PaymentStatus;

  @InstantField({ optional: true, description: 'Made at or after this instant.' })
  from?: string;

  @InstantField({ optional: true, description: 'Made before this instant.' })
  to?: string;
}

export class PaymentExportQueryDto extends OmitType(PaymentListQueryDto, ['limit', 'cursor', 'fields']) {}

export class PayInvoiceDto {
  @ApiPropertyOptional({
    format: 'uuid',
    description: 'Id of a payment method. Default: the default.',
    example: EXAMPLE_ID,
  })
  @Omittable()
  @IsUUID()
  paymentMethod?: string;
}

export class MarkPaidDto {
  /** Reference of the bank transfer. @example "TRX 4711" */
  @IsString()
  @Length(1, 200)
  reference: string;

  /** Why, for the audit log. @example "Transfer received on 3 June" */
  @ReasonField({ nonEmpty: true })
  reason: string;
}

export class RefundPaymentDto {
  /** Minor units. Default: all that was not refunded yet. @example 1000 */
  @Omittable()
  @IsInt()
  @Min(1)
  @Max(MAX_AMOUNT)
  amount?: number;

  /** Why, as on the credit note. @example "Outage in June" */
  @ReasonField({ nonEmpty: true })
  reason: string;
}
