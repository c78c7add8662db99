import { IsIn, IsObject, IsOptional, Min, IsInt, Max } from 'class-validator';
import { ApiProperty } from '@nestjs/swagger';
import { type Overage, OVERAGES, type WindowName, WINDOWS } from '@app/catalog';
import { InstantField, ProductField, ReasonField } from '../../http/input/fields.js';

const MAX_COUNT = Number.MAX_SAFE_INTEGER;

/** Terms for one customer in place of the plan's; which of them belong depends on the type of the feature. */
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

  /** Metered: so many units within any span of so many seconds. */
  @ApiProperty({
    required: false,
    oneOf: [{ type: 'object', properties: { limit: { type: 'integer' }, windowSeconds: { type: 'integer' } } }],
  })
  @IsOptional()
  @IsObject()
  rateLimit?: object;

  /** Credit: what is given in each window. */
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

  /** Boolean and static. */
  @ApiProperty({ required: false, oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] })
  @IsOptional()
  value?: string | number | boolean;

  /** From then on the plan holds again. Left out: never. */
  @InstantField({ optional: true })
  expiresAt?: string;

  /** Kept in the audit log. */
  @ReasonField({ optional: true, nonEmpty: true })
  reason?: string;
}

export class RemoveOverrideQueryDto {
  @ProductField()
  product?: string;
}

export class OverrideDto {
  feature: string;
  /** As they hold, in the form of a plan's entitlement. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  terms: object;
  expiresAt: Date | null;
  reason: string | null;
  createdAt: Date;
  updatedAt: Date;
}
