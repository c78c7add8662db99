import { ApiProperty } from '@nestjs/swagger';
import { ProductField } from '../../http/input/fields.js';

export const ATTENTION_KINDS = [
  'subscriptions_past_due',
  'invoices_failed',
  'invoices_not_finalized',
  'webhook_endpoints_failing',
  'webhook_endpoints_disabled',
  'drafts_unpublished',
  'mails_failing',
  'jobs_failing',
  'events_behind',
  'renewals_behind',
  'deliveries_behind',
  'payment_events_behind',
  'counters_differ',
  'billing_differs',
] as const;
export type AttentionKind = (typeof ATTENTION_KINDS)[number];

export class AttentionQueryDto {
  @ProductField({ nonEmpty: true, description: 'Key of a product. Default: all products that the caller may see.' })
  product?: string;
}

/** A problem: objects of one kind, counted. */
export class AttentionItemDto {
  @ApiProperty({ enum: ATTENTION_KINDS })
  kind: AttentionKind;
  /** Number of objects; of failing jobs and mails the failures in a row; of work that is behind 1. */
  count: number;
  /** Since when the oldest has it; null: unknown. */
  since: Date | null;
  /** Key of the product; null: the whole installation, or an endpoint of all products. */
  product: string | null;
  /** Path of the list that has them; null: there is none. */
  list: string | null;
}

export class AttentionDto {
  /** Empty: nothing needs attention. */
  data: AttentionItemDto[];
}
