import { OmitType, PartialType } from '@nestjs/swagger';
import { IsInt, IsOptional, IsUUID, Max, Min } from 'class-validator';
import {
  CurrencyField,
  CustomerField,
  InstantField,
  KeyField,
  ProductField,
  WhenField,
} from '../../http/input/fields.js';
import { Nested } from '../../http/input/nested.js';
import { PlanSelectionDto } from '../../subscriptions/dto/subscription.dto.js';
import { InvoiceDto } from './invoice.dto.js';

/** A change to preview. Without `plan`, the plan, version and price stay as sold. */
export class PreviewedChangeDto extends PartialType(PlanSelectionDto) {
  /** `now`: immediately, with proration. `period_end`: with the next period. */
  @WhenField()
  when: 'now' | 'period_end';
}

/** Either `subscription`, with a change or without, or `plan` for a new subscription. */
export class PreviewInvoiceDto extends OmitType(PartialType(PlanSelectionDto), ['plan']) {
  /** Id of a subscription. @example "019a8f3e-5c1d-7b42-9e06-3f7a2d8c4b15" */
  @IsOptional()
  @IsUUID()
  subscription?: string;

  /** A change of the subscription. */
  @IsOptional()
  @Nested(() => PreviewedChangeDto)
  change?: PreviewedChangeDto;

  /** The customer of a new subscription. Users may omit it or use "me". */
  @CustomerField({ optional: true })
  customer?: string;

  @ProductField()
  product?: string;

  /** Key of the plan of a new subscription. */
  @KeyField({ optional: true, nonEmpty: true, example: 'pro' })
  plan?: string;

  /** ISO 4217; of a new subscription. */
  @CurrencyField({ optional: true })
  currency?: string;

  /** Replaces the trial of the plan of a new subscription. Days. @example 30 */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(730)
  trialDays?: number;

  /** Key of a coupon that a new subscription would have from its start. */
  @KeyField({ optional: true, nonEmpty: true, example: 'launch' })
  coupon?: string;

  @InstantField({ optional: true, description: 'The first invoice at or after this instant. Default: now.' })
  at?: string;
}

/** An invoice as it would be finalized. It has no number, and nothing of it is stored. */
export class PreviewedInvoiceDto extends OmitType(InvoiceDto, [
  'id',
  'number',
  'status',
  'issuedAt',
  'dueAt',
  'paidAt',
  'attempts',
  'nextAttemptAt',
  'seller',
  'buyer',
  'collection',
  'version',
  'createdAt',
  'updatedAt',
  'credited',
  'paid',
]) {
  static of(invoice: InvoiceDto): PreviewedInvoiceDto {
    const { purpose, customer, product, subscription, currency, lines, subtotal, discounts, discountTotal } = invoice;
    const { taxes, taxTotal, total, due, periodStart, periodEnd, billedAt, finalizeAt } = invoice;
    return {
      purpose,
      customer,
      product,
      subscription,
      currency,
      lines,
      subtotal,
      discounts,
      discountTotal,
      taxes,
      taxTotal,
      total,
      due,
      periodStart,
      periodEnd,
      billedAt,
      finalizeAt,
    };
  }
}

export class InvoicePreviewDto {
  /** Null: no invoice is foreseen. */
  invoice: PreviewedInvoiceDto | null;
}
