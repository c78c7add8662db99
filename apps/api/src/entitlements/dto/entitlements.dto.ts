import { IsDateString, IsOptional, IsString, MaxLength } from 'class-validator';

export class EntitlementsQueryDto {
  @IsOptional()
  @IsString()
  @MaxLength(64)
  product?: string;

  /** As it was then: by what was sold, and what had been recorded. Left out: now. */
  @IsOptional()
  @IsDateString({ strict: true })
  at?: string;
}
