import { ArrayMaxSize, ArrayMinSize, IsArray, IsDateString, IsIn, IsOptional, IsString, Length, MaxLength } from 'class-validator';
import { ApiProperty } from '@nestjs/swagger';
import { type ApiKeyView, type Scope, SCOPES } from '@app/auth';

export class CreateApiKeyDto {
  /** What it is for. */
  @IsString()
  @Length(1, 200)
  name: string;

  @ApiProperty({ enum: SCOPES, isArray: true })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(SCOPES.length)
  @IsIn(SCOPES, { each: true })
  scopes: Scope[];

  /** Confines the key to one product. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  product?: string;

  @IsOptional()
  @IsDateString({ strict: true })
  expiresAt?: string;
}

/** A key, but for its secret. */
export class ApiKeyDto implements ApiKeyView {
  id: string;
  name: string;
  prefix: string;
  lastFour: string;
  @ApiProperty({ enum: SCOPES, isArray: true })
  scopes: Scope[];
  product: string | null;
  expiresAt: Date | null;
  createdAt: Date;
}

export class CreatedApiKeyDto extends ApiKeyDto {
  /** The key itself: told this once. */
  key: string;
}

export class ApiKeyPageDto {
  data: ApiKeyDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
