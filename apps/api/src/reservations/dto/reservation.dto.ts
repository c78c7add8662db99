import { IsInt, IsOptional, IsString, Length, Max, MaxLength, Min } from 'class-validator';
import type { ReservationDecision } from '@app/metering';
import { DecisionDto } from '../../usage/dto/usage.dto.js';

const MAX_COUNT = Number.MAX_SAFE_INTEGER;
const MAX_TTL_SECONDS = 604_800;

export class CreateReservationDto {
  /** Key of the customer; people may leave it out or say "me". */
  @IsOptional()
  @IsString()
  @MaxLength(128)
  customer?: string;

  @IsOptional()
  @IsString()
  @MaxLength(64)
  product?: string;

  @IsString()
  @Length(1, 64)
  feature: string;

  /** Units. */
  @IsInt()
  @Min(1)
  @Max(MAX_COUNT)
  quantity: number;

  /** Held for this long, a week at most, unless a heartbeat prolongs it. */
  @IsInt()
  @Min(1)
  @Max(MAX_TTL_SECONDS)
  ttlSeconds: number;
}

export class CommitReservationDto {
  /** Units, at most those that are held. Left out: all of them. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_COUNT)
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
