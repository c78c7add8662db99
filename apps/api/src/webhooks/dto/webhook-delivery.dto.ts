import { IsBoolean, IsDateString, IsIn, IsInt, IsOptional, IsString, IsUUID, MaxLength, Min } from 'class-validator';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { DELIVERY_STATUSES, type DeliveryStatus, type LoggedDelivery } from '@app/deliveries';
import { ListQuery } from '../../http/pagination/list.query.js';

export class WebhookDeliveryQueryDto extends ListQuery {
  @ApiPropertyOptional({ format: 'uuid', description: 'Only those to this endpoint.' })
  @IsOptional()
  @IsUUID()
  endpoint?: string;

  @ApiPropertyOptional({ enum: DELIVERY_STATUSES })
  @IsOptional()
  @IsIn(DELIVERY_STATUSES)
  status?: DeliveryStatus;

  @ApiPropertyOptional({ format: 'uuid', description: 'Only those of this event: its webhook-id.' })
  @IsOptional()
  @IsUUID()
  event?: string;

  @ApiPropertyOptional({ description: 'Only those of this type of event.' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  type?: string;
}

/** One attempt. What the receiver said is not kept. */
export class DeliveryAttemptDto {
  at: Date;
  attempt: number;
  outcome: string;
  statusCode: number | null;
  durationMs: number;
}

/** One event on its way to one endpoint. */
export class WebhookDeliveryDto {
  id: string;
  endpoint: string;
  /** Id of the event, and `webhook-id` of every attempt. */
  event: string;
  type: string;
  @ApiProperty({ enum: DELIVERY_STATUSES })
  status: DeliveryStatus;
  /** Of the last attempt; null: there was none yet. */
  outcome: string | null;
  attempts: DeliveryAttemptDto[];
  /** When it is tried next; null: it is done with. */
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

/** Which events are sent again: those that were told in this span of time and have not arrived. */
export class RedeliverDto {
  @IsDateString({ strict: true })
  from: string;

  /** Exclusive. */
  @IsDateString({ strict: true })
  to: string;

  /** Those too that have arrived. @default false */
  @IsOptional()
  @IsBoolean()
  all?: boolean;

  /** The nextAfter of the call before, where one was not enough. */
  @IsOptional()
  @IsInt()
  @Min(0)
  after?: number;
}

export class RedeliveredDto {
  /** How many are on their way now. */
  redelivered: number;
  /** Call again with it; null: that was all. */
  nextAfter: number | null;
}
