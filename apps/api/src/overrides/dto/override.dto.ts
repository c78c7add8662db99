import { IsIn, IsObject, IsOptional, Min, IsInt, Max } from 'class-validator';
import { ApiProperty } from '@nestjs/swagger';
import { type Overage, OVERAGES, type WindowName, WINDOWS } from '@app/catalog';
import { InstantField, ProductField, ReasonField } from '../../http/input/fields.js';

const MAX_COUNT = Number.MAX_SAFE_INTEGER;

/** Terms for one customer in place of the plan's. The type of the feature decides which fields are valid. */
export class SetOverrideDto {
  @ProductField()
  product?: string;

  /** Metered: units; null is unlimited, 0 is none. */
  @ApiProperty({ type: 'integer', nullable: true, required: false })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_COUNT)
  limit?: number | null;

  /** Metered. @default billing_period */
  @IsOptional()
  @IsIn(WINDOWS)
  window?: WindowName;

  /** Metered. @default deny */
  @IsOptional()
  @IsIn(OVERAGES)
  overage?: Overage;

  /** Metered: up to `limit` units within any span of `windowSeconds` seconds. */
  @ApiProperty({
    required: false,
    oneOf: [{ type: 'object', properties: { limit: { type: 'integer' }, windowSeconds: { type: 'integer' } } }],
  })
  @IsOptional()
  @IsObject()
  rateLimit?: object;

  /** Credit: the units that each window includes, and how many may roll over. */
  @ApiProperty({
    required: false,
    oneOf: [
      {
        type: 'object',
        properties: {
          quantity: { type: 'integer' },
          every: { type: 'string', enum: [...WINDOWS] },
          rolloverMax: { type: 'integer' },
        },
      },
    ],
  })
  @IsOptional()
  @IsObject()
  grant?: object;

  /** Boolean and static: the value. */
  @ApiProperty({ required: false, oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] })
  @IsOptional()
  value?: string | number | boolean;

  /** When the override expires and the plan applies again. Default: never. */
  @InstantField({ optional: true })
  expiresAt?: string;

  /** Stored in the audit log. */
  @ReasonField({ optional: true, nonEmpty: true })
  reason?: string;
}

export class RemoveOverrideQueryDto {
  @ProductField()
  product?: string;
}

export class OverrideDto {
  feature: string;
  /** The terms in force, in the form of a plan's entitlement. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  terms: object;
  expiresAt: Date | null;
  reason: string | null;
  createdAt: Date;
  updatedAt: Date;
}
