import { ArrayMaxSize, ArrayMinSize, IsArray, IsOptional, IsString, Length } from 'class-validator';
import { ApiProperty } from '@nestjs/swagger';
import { FEATURE_TYPES, type FeatureType } from '@app/catalog';
import {
  CustomerField,
  FeatureField,
  ProductField,
  PropertiesField,
  EntityField,
  QuantityField,
  ReportedValueField,
} from '../../http/input/fields.js';
import { Nested } from '../../http/input/nested.js';
import { ItemsOf } from '../../http/input/quick-check.js';
import { type Decision } from '@app/metering';
import { TERM_VALUE } from '../../plans/dto/plan.dto.js';

export class CheckDto {
  /** Key of the customer; users may leave it out or use "me". */
  @CustomerField({ optional: true })
  customer?: string;

  @ProductField()
  product?: string;

  /** The feature to check. Either this or `features` is required. */
  @FeatureField({ optional: true })
  feature?: string;

  /** Several features; the response is a list of decisions in this order. @example ["api_calls", "sso"] */
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @Length(1, 64, { each: true })
  features?: string[];

  /** Units of `feature`. @default 1 */
  @QuantityField({ optional: true })
  quantity?: number;

  /** The entity of the customer to check too, such as a member or a project. */
  @EntityField()
  entity?: string;

  /**
   * The value of a feature that is not counted by the sum, in place of `quantity`: a number where it counts the latest
   * or the highest value, a text where it counts distinct values.
   */
  @ReportedValueField()
  value?: number | string;
}

export class QuantityOfDto {
  /** Key of the feature. */
  @FeatureField()
  feature: string;

  /** Units of this feature. @default 1 */
  @QuantityField({ optional: true })
  quantity?: number;

  /** The entity of the customer that uses the units, such as a member or a project. */
  @EntityField()
  entity?: string;

  /**
   * The value of a feature that is not counted by the sum, in place of `quantity`: a number where it counts the latest
   * or the highest value, a text where it counts distinct values.
   */
  @ReportedValueField()
  value?: number | string;
}

export class ConsumeDto {
  /** Key of the customer; users may leave it out or use "me". */
  @CustomerField({ optional: true })
  customer?: string;

  @ProductField()
  product?: string;

  /** The feature to consume. Either this or `features` is required. */
  @FeatureField({ optional: true })
  feature?: string;

  /** Units of `feature`. @default 1 */
  @QuantityField({ optional: true })
  quantity?: number;

  /** The entity of the customer that uses the units, such as a member or a project. */
  @EntityField()
  entity?: string;

  /**
   * The value of a feature that is not counted by the sum, in place of `quantity`: a number where it counts the latest
   * or the highest value, a text where it counts distinct values.
   */
  @ReportedValueField()
  value?: number | string;

  /** Several features: all are counted, or none; the response is a joint decision. */
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @Nested(() => QuantityOfDto, { each: true })
  @ItemsOf(() => QuantityOfDto)
  features?: QuantityOfDto[];

  @PropertiesField()
  properties?: Record<string, unknown>;
}

export class AddOnSourceDto {
  /** Key of the add-on. */
  key: string;
  quantity: number;
}

export class DecisionSourceDto {
  /**
   * `plan`: the plan version, with its add-ons; `override` replaces both. `add_on`: only add-ons name the feature;
   * `grant`: none of these does.
   */
  kind: 'plan' | 'override' | 'add_on' | 'grant';
  plan: string;
  version: number;
  /** The add-ons that are part of the terms. Absent when there are none. */
  addOns?: AddOnSourceDto[];
}

/** The count of one entity of the customer. */
export class EntityCountDto {
  /** The name of the entity. */
  id: string;
  /** The most units of each entity; null: only the customer has a limit. */
  limit: number | null;
  /** Units that the entity has used in the window. */
  used: number;
  /** Units that open reservations hold for the entity. */
  reserved: number;
  /** Units left to the entity; null: only the customer has a limit. */
  remaining: number | null;
}

/** Whether the customer may use the feature, and how much is left. A denial is a decision, not an error. */
export class DecisionDto implements Decision {
  allowed: boolean;
  /** Why it is denied; null when allowed. */
  @ApiProperty({
    type: String,
    nullable: true,
    enum: [
      'limit_reached',
      'no_subscription',
      'subscription_expired',
      'subscription_paused',
      'past_due',
      'feature_not_in_plan',
      'feature_disabled',
      'unavailable',
    ],
  })
  reason: Decision['reason'];
  customer: string;
  feature: string;
  @ApiProperty({ enum: FEATURE_TYPES })
  type: FeatureType;
  /** Requested units. */
  requested: number;
  /** Sum of included, carried over and granted units; null: unlimited. Absent for features that are not counted. */
  limit?: number | null;
  used?: number;
  reserved?: number;
  /** null: unlimited. */
  remaining?: number | null;
  /** Units used beyond the limit. */
  overage?: number;
  /** Part of the limit: units carried over from earlier windows. Absent when there are none. */
  carriedOver?: number;
  /** Part of the limit: units of grants, burnt in this window or left. Absent when there are none. */
  granted?: number;
  windowStart?: string | null;
  /** End of the window; null: the window never ends. */
  resetsAt?: string | null;
  /** The entity that the request named, with its own count. Absent when it named none. */
  entity?: EntityCountDto;
  /** Value of a boolean or static feature. */
  @ApiProperty(TERM_VALUE)
  value?: string | number | boolean;
  source: DecisionSourceDto | null;
  /**
   * When a payment failed. Absent unless the subscription is past due: also while the grace of the product still allows
   * its features.
   */
  pastDueSince?: string;
  asOf: string;
  /** True when the database was unavailable and the failure policy of the feature decided. */
  degraded?: boolean;
}

export class DecisionListDto {
  data: DecisionDto[];
}

/** One decision for several features: all are counted when each is allowed, else none. */
export class JointDecisionDto {
  allowed: boolean;
  data: DecisionDto[];
}
