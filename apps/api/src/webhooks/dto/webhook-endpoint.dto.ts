import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Max,
  MaxLength,
  Min,
  ValidateIf,
} from 'class-validator';
import { ApiProperty, ApiPropertyOptional, OmitType, PartialType } from '@nestjs/swagger';
import type { DisabledReason, EndpointState } from '@app/webhooks';
import { Omittable } from '../../http/input/fields.js';

const TYPES = {
  description: 'Event types, or prefixes such as `subscription.*`. Empty: all.',
  example: ['subscription.*', 'usage.threshold_reached'],
};

export class CreateWebhookEndpointDto {
  /** https for public addresses; http and private addresses only in networks that the operator allows. */
  @ApiProperty({ example: 'https://hooks.example.com/tollgate' })
  @IsString()
  @MaxLength(2_048)
  url: string;

  /** Text for people, such as the system behind the URL. @example "Billing system" */
  @IsOptional()
  @IsString()
  @Length(1, 200)
  description?: string | null;

  @ApiPropertyOptional(TYPES)
  @Omittable()
  @IsArray()
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @MaxLength(64, { each: true })
  types?: string[];

  /** Key of the product whose events are sent; null: events of all products and of none. @example api */
  @ValidateIf((_, value) => value !== null && value !== undefined)
  @IsString()
  @Length(1, 64)
  product?: string | null;
}

export class UpdateWebhookEndpointDto extends PartialType(OmitType(CreateWebhookEndpointDto, ['product']), {
  skipNullProperties: false,
}) {
  /**
   * false: nothing is sent, and pending deliveries are abandoned. true: sends new events; missed ones can be
   * redelivered.
   * @example true
   */
  @Omittable()
  @IsBoolean()
  enabled?: boolean;
}

export class RotateSecretDto {
  /**
   * Seconds during which the previous secret signs too; 0 withdraws it immediately.
   * @default 86400
   * @example 3600
   */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(2_592_000)
  overlapSeconds?: number;
}

/** A webhook endpoint (Standard Webhooks). */
export class WebhookEndpointDto {
  id: string;
  url: string;
  description: string | null;
  types: string[];
  /** Key of the product; null: all. */
  product: string | null;
  /** Key of the customer whose events are sent; null: all customers. */
  customer: string | null;
  enabled: boolean;
  /** `gone`: the receiver answered 410. `failing`: every attempt failed for three days. */
  @ApiProperty({ enum: ['by_hand', 'gone', 'failing'], nullable: true })
  disabledReason: DisabledReason | null;
  disabledAt: Date | null;
  /** Time of the first failure since the last success. */
  failingSince: Date | null;
  /** Nothing is sent until then: the receiver requested a pause, or it keeps failing. */
  pausedUntil: Date | null;
  createdAt: Date;
  updatedAt: Date;

  static of(endpoint: EndpointState, names: { product: string | null; customer: string | null }): WebhookEndpointDto {
    const {
      id,
      url,
      description,
      types,
      enabled,
      disabledReason,
      disabledAt,
      failingSince,
      pausedUntil,
      createdAt,
      updatedAt,
    } = endpoint;
    return {
      id,
      url,
      description,
      types,
      ...names,
      enabled,
      disabledReason,
      disabledAt,
      failingSince,
      pausedUntil,
      createdAt,
      updatedAt,
    };
  }
}

export class WebhookEndpointWithSecretDto extends WebhookEndpointDto {
  /** The signing secret. It is returned only once. */
  @ApiProperty({ example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=' })
  secret: string;
}

export class WebhookEndpointPageDto {
  data: WebhookEndpointDto[];
  hasMore: boolean;
  nextCursor: string | null;
}

export class WebhookTestDto {
  delivered: boolean;
  /** One word: `delivered`, `status_500`, `timeout`, `connection_refused`, `tls_failed`, `blocked` and others. */
  outcome: string;
  statusCode: number | null;
  durationMs: number;
}
