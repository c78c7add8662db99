import { IsInt, Max, Min } from 'class-validator';
import type { ReservationDecision } from '@app/metering';
import { CustomerField, EntityField, FeatureField, ProductField, QuantityField } from '../../http/input/fields.js';
import { DecisionDto } from '../../usage/dto/usage.dto.js';

const MAX_TTL_SECONDS = 604_800;

export class CreateReservationDto {
  /** Key of the customer; users may omit it or use "me". */
  @CustomerField({ optional: true })
  customer?: string;

  @ProductField()
  product?: string;

  /** Key of a metered or credit feature. */
  @FeatureField()
  feature: string;

  /** Units to reserve: the most that the work may use. */
  @QuantityField({ example: 20 })
  quantity: number;

  /** The entity of the customer that the units are reserved for, such as a member or a project. */
  @EntityField()
  entity?: string;

  /** Seconds until the reservation expires, at most one week. A heartbeat extends it. @example 300 */
  @IsInt()
  @Min(1)
  @Max(MAX_TTL_SECONDS)
  ttlSeconds: number;
}

export class CommitReservationDto {
  /** Units to count, at most the reserved ones. Default: all of them. */
  @QuantityField({ optional: true, minimum: 0, example: 12 })
  quantity?: number;
}

export class HeartbeatDto {
  /** Seconds from now until the reservation expires. @example 300 */
  @IsInt()
  @Min(1)
  @Max(MAX_TTL_SECONDS)
  ttlSeconds: number;
}

export class ReservationDto {
  id: string;
  expiresAt: string;
}

/** A decision with the reservation that it made; null when denied. */
export class ReservationDecisionDto extends DecisionDto implements ReservationDecision {
  reservation: ReservationDto | null;
}
