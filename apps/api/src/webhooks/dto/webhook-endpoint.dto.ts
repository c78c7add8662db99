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

const TYPES = {
  description: 'Types of events, or all of a kind, such as `subscription.*`. Empty: all.',
  example: ['subscription.*', 'usage.threshold_reached'],
};

export class CreateWebhookEndpointDto {
  /** Public addresses by https only; others, and http, where the operator has allowed the network. */
  @ApiProperty({ example: 'https://hooks.example.com/tollgate' })
  @IsString()
  @MaxLength(2_048)
  url: string;

  @IsOptional()
  @IsString()
  @Length(1, 200)
  description?: string | null;

  @ApiPropertyOptional(TYPES)
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @MaxLength(64, { each: true })
  types?: string[];

  /** Key of the product whose events it gets; null: of all of them, and what happens on none. */
  @ValidateIf((_, value) => value !== null && value !== undefined)
  @IsString()
  @Length(1, 64)
  product?: string | null;
}

export class UpdateWebhookEndpointDto extends PartialType(OmitType(CreateWebhookEndpointDto, ['product'])) {
  /** false: nothing is sent, and what waits is given up. true: begins anew; what it missed can be sent again. */
  @IsOptional()
  @IsBoolean()
  enabled?: boolean;
}

export class RotateSecretDto {
  /** So long the secret before signs too. @default 86400 */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(2_592_000)
  overlapSeconds?: number;
}

/** Where events are told to, by Standard Webhooks. */
export class WebhookEndpointDto {
  id: string;
  url: string;
  description: string | null;
  types: string[];
  /** null: all. */
  product: string | null;
  /** Key of the only customer whose events it gets; null: all. */
  customer: string | null;
  enabled: boolean;
  /** `gone`: it answered 410. `failing`: for three days nothing arrived. */
  @ApiProperty({ enum: ['by_hand', 'gone', 'failing'], nullable: true })
  disabledReason: DisabledReason | null;
  disabledAt: Date | null;
  /** Since the first of the failures that no success has followed. */
  failingSince: Date | null;
  /** It asked for patience, or it fails again and again: nothing is sent until then. */
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
  /** What its requests are signed with: told this once. */
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
  /** One word: `delivered`, `status_500`, `timeout`, `connection_refused`, `tls_failed`, `blocked` and so on. */
  outcome: string;
  statusCode: number | null;
  durationMs: number;
}
