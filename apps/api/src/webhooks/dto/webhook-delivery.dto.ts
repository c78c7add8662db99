import { IsBoolean, IsIn, IsInt, IsOptional, IsString, IsUUID, Max, MaxLength, Min } from 'class-validator';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { DELIVERY_STATUSES, type DeliveryStatus, type LoggedDelivery } from '@app/deliveries';
import { EXAMPLE_ID, InstantField } from '../../http/input/fields.js';
import { ListQuery } from '../../http/pagination/list.query.js';

export class WebhookDeliveryQueryDto extends ListQuery {
  @ApiPropertyOptional({ format: 'uuid', description: 'Only deliveries to this endpoint.', example: EXAMPLE_ID })
  @IsOptional()
  @IsUUID()
  endpoint?: string;

  @ApiPropertyOptional({ enum: DELIVERY_STATUSES, description: 'Only deliveries in this status.', example: 'failed' })
  @IsOptional()
  @IsIn(DELIVERY_STATUSES)
  status?: DeliveryStatus;

  @ApiPropertyOptional({
    format: 'uuid',
    description: 'Only deliveries of this event: its `webhook-id`.',
    example: EXAMPLE_ID,
  })
  @IsOptional()
  @IsUUID()
  event?: string;

  @ApiPropertyOptional({ description: 'Only deliveries of this event type.', example: 'subscription.renewed' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  type?: string;
}

/** One attempt. The response body is not stored. */
export class DeliveryAttemptDto {
  at: Date;
  attempt: number;
  outcome: string;
  statusCode: number | null;
  durationMs: number;
}

/** The delivery of one event to one endpoint. */
export class WebhookDeliveryDto {
  id: string;
  endpoint: string;
  /** Id of the event, and `webhook-id` of every attempt. */
  event: string;
  type: string;
  @ApiProperty({ enum: DELIVERY_STATUSES })
  status: DeliveryStatus;
  /** Outcome of the last attempt; null before the first one. */
  outcome: string | null;
  attempts: DeliveryAttemptDto[];
  /** Time of the next attempt; null when delivered or failed. */
  nextAttemptAt: Date | null;
  createdAt: Date;
  settledAt: Date | null;

  static of({
    id,
    destination,
    messageId,
    type,
    status,
    outcome,
    log,
    dueAt,
    createdAt,
    settledAt,
  }: LoggedDelivery): WebhookDeliveryDto {
    const attempts = log.map(({ at, ...attempt }) => ({ at: new Date(at), ...attempt }));
    return {
      id,
      endpoint: destination,
      event: messageId,
      type,
      status,
      outcome,
      attempts,
      nextAttemptAt: dueAt,
      createdAt,
      settledAt,
    };
  }
}

export class WebhookDeliveryPageDto {
  data: WebhookDeliveryDto[];
  hasMore: boolean;
  nextCursor: string | null;
}

/** The time span whose undelivered events are redelivered. */
export class RedeliverDto {
  /** Start of the span, at most 30 days ago. */
  @InstantField()
  from: string;

  /** End of the span, exclusive. */
  @InstantField()
  to: string;

  /**
   * true: also events that were delivered.
   * @default false
   * @example true
   */
  @IsOptional()
  @IsBoolean()
  all?: boolean;

  /** `nextAfter` of the previous call; omit it in the first call. @example 4711 */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  after?: number;
}

export class RedeliveredDto {
  /** Number of deliveries enqueued. */
  redelivered: number;
  /** Pass it as `after` in the next call; null: the span is complete. */
  nextAfter: number | null;
}
