import { ArrayMaxSize, ArrayMinSize, IsIn, IsInt, Max, Min } from 'class-validator';
import { MAX_AMOUNT } from '@app/kernel';
import { Omittable, ReasonField } from '../../http/input/fields.js';
import { Nested } from '../../http/input/nested.js';

/** Where the part of a credit goes that was paid already. */
export const CREDIT_DESTINATIONS = ['refund', 'balance'] as const;
export type CreditDestination = (typeof CREDIT_DESTINATIONS)[number];

/** A line of the invoice that is credited. */
export class CreditedLineDto {
  /** Position on the invoice, from 1. @example 1 */
  @IsInt()
  @Min(1)
  @Max(10_000)
  line: number;

  /** With taxes, in minor units. @example 500 */
  @IsInt()
  @Min(1)
  @Max(MAX_AMOUNT)
  amount: number;
}

export class CreateCreditNoteDto {
  /** With taxes, in minor units; spread over all lines. Give this or `lines`. @example 1000 */
  @Omittable()
  @IsInt()
  @Min(1)
  @Max(MAX_AMOUNT)
  amount?: number;

  /** Up to 100 lines, each once. Give this or `amount`. */
  @Omittable()
  @Nested(() => CreditedLineDto, { each: true })
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  lines?: CreditedLineDto[];

  /** `refund`: payments of the invoice are paid back. `balance`: it is credit for the next invoices. @example refund */
  @IsIn(CREDIT_DESTINATIONS)
  to: CreditDestination;

  /** Why, as on the document. @example "Outage in June" */
  @ReasonField({ nonEmpty: true })
  reason: string;
}
