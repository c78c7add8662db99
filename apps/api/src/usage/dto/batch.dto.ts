import { ArrayMaxSize, ArrayMinSize, IsArray, IsOptional, Matches } from 'class-validator';
import { ApiExtraModels, ApiProperty, getSchemaPath, OmitType } from '@nestjs/swagger';
import { FeatureField } from '../../http/input/fields.js';
import { Nested } from '../../http/input/nested.js';
import { ItemsOf } from '../../http/input/quick-check.js';
import { ProblemDto } from '../../http/openapi/problem.dto.js';
import type { Problem } from '../../http/problems/problem.js';
import { CheckDto, ConsumeDto, DecisionDto } from './usage.dto.js';

const MAX_ITEMS = 1_000;

/** One check: the body of `POST /v1/check` for one feature. */
export class BatchedCheckDto extends OmitType(CheckDto, ['feature', 'features']) {
  /** Key of the feature. */
  @FeatureField()
  feature: string;
}

export class CheckBatchDto {
  /** 1 to 1,000 checks, of any customers and products. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_ITEMS)
  @Nested(() => BatchedCheckDto, { each: true })
  @ItemsOf(() => BatchedCheckDto)
  checks: BatchedCheckDto[];
}

/** One consumption: the body of `POST /v1/usage/consume` for one feature. */
export class BatchedConsumptionDto extends OmitType(ConsumeDto, ['feature', 'features']) {
  /** Key of the feature. */
  @FeatureField()
  feature: string;

  /**
   * The Idempotency-Key of this consumption: the units are counted once, and each repetition gets the first decision,
   * in another batch and with `POST /v1/usage/consume` too.
   * @example order-1001
   */
  @IsOptional()
  @Matches(/^[\x21-\x7e]{1,255}$/, { message: 'must be 1 to 255 printable ASCII characters without spaces' })
  idempotencyKey?: string;
}

export class ConsumptionBatchDto {
  /** 1 to 1,000 consumptions, of any customers and products. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_ITEMS)
  @Nested(() => BatchedConsumptionDto, { each: true })
  @ItemsOf(() => BatchedConsumptionDto)
  consumptions: BatchedConsumptionDto[];
}

/** One result for each item, in the order of the request: its decision, or the problem that a single request gets. */
@ApiExtraModels(DecisionDto, ProblemDto)
export class BatchResultsDto {
  @ApiProperty({
    type: 'array',
    items: { oneOf: [{ $ref: getSchemaPath(DecisionDto) }, { $ref: getSchemaPath(ProblemDto) }] },
  })
  results: (DecisionDto | Problem)[];
}
