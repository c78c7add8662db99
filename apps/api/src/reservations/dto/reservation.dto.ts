import { IsInt, Max, Min } from 'class-validator';
import type { ReservationDecision } from '@app/metering';
import { CustomerField, FeatureField, ProductField, QuantityField } from '../../http/input/fields.js';
import { DecisionDto } from '../../usage/dto/usage.dto.js';

const MAX_TTL_SECONDS = 604_800;

export class CreateReservationDto {
  /** Key of the customer; people may leave it out or say "me". */
  @CustomerField({ optional: true })
  customer?: string;

  @ProductField()
  product?: string;

  @FeatureField()
  feature: string;

  /** Units. */
  @QuantityField()
  quantity: number;

  /** Held for this long, a week at most, unless a heartbeat prolongs it. */
  @IsInt()
  @Min(1)
  @Max(MAX_TTL_SECONDS)
  ttlSeconds: number;
}

export class CommitReservationDto {
  /** Units, at most those that are held. Left out: all of them. */
  @QuantityField({ optional: true, minimum: 0 })
  quantity?: number;
}

export class HeartbeatDto {
  /** From now on. */
  @IsInt()
  @Min(1)
  @Max(MAX_TTL_SECONDS)
  ttlSeconds: number;
}

export class ReservationDto {
  id: string;
  expiresAt: string;
}

/** A decision, and what is held by it; null when denied. */
export class ReservationDecisionDto extends DecisionDto implements ReservationDecision {
  reservation: ReservationDto | null;
}
