import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { ApiProperty } from '@nestjs/swagger';
import { type ApiKeyView, type Scope, SCOPES } from '@app/auth';
import { InstantField, NameField, ProductField } from '../../http/input/fields.js';

export class CreateApiKeyDto {
  /** Name of the key, for example the service that uses it. @example billing */
  @NameField()
  name: string;

  /**
   * Rights of the key. Users may only give it the scopes that users have.
   * @example ["entitlements:read", "usage:write"]
   */
  @ApiProperty({ enum: SCOPES, isArray: true })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(SCOPES.length)
  @IsIn(SCOPES, { each: true })
  scopes: Scope[];

  @ProductField({ description: 'Key of the only product that the API key may access.' })
  product?: string;

  /** Instant from which the key is refused. Left out: it never expires. */
  @InstantField({ optional: true })
  expiresAt?: string;

  /** Limit of requests a minute; left out: no limit. @example 6000 */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(10_000_000)
  rateLimitPerMinute?: number;
}

export class RotateApiKeyDto {
  /**
   * Seconds during which the old key stays valid; 0 revokes it immediately.
   * @default 86400
   * @example 3600
   */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(2_592_000)
  overlapSeconds?: number;
}

/** An API key without its secret. */
export class ApiKeyDto implements ApiKeyView {
  id: string;
  name: string;
  prefix: string;
  lastFour: string;
  @ApiProperty({ enum: SCOPES, isArray: true })
  scopes: Scope[];
  product: string | null;
  /** Limit of requests a minute; null: no limit. */
  rateLimitPerMinute: number | null;
  expiresAt: Date | null;
  /** Time of the last use, precise to a minute; null: never used. */
  lastUsedAt: Date | null;
  /** Id of the key that replaced it in a rotation. */
  replacedBy: string | null;
  createdAt: Date;
}

export class CreatedApiKeyDto extends ApiKeyDto {
  /** The API key. It is returned only once. */
  key: string;
}

export class ApiKeyPageDto {
  data: ApiKeyDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
