import { IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { Type } from 'class-transformer';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { CustomerField, ProductField } from '../http/input/fields.js';

export class StreamQueryDto {
  @ApiPropertyOptional({
    description: 'Event types or prefixes such as `subscription.*`, separated by commas.',
    example: 'subscription.*,usage.threshold_reached',
  })
  @IsOptional()
  @IsString()
  @MaxLength(1_024)
  @Matches(/^[a-z_]+\.([a-z_]+|\*)(,[a-z_]+\.([a-z_]+|\*))*$/, {
    message: 'must be types of events, separated by commas',
  })
  types?: string;

  @ProductField({ nonEmpty: true, description: 'Key of a product. Default: all events that the caller may see.' })
  product?: string;

  @CustomerField({ optional: true, nonEmpty: true, description: 'Key of a customer.' })
  customer?: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    example: 4711,
    description:
      'Begin after this id of the stream, for those who cannot send Last-Event-ID; 0: at the oldest that is kept.',
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  after?: number;
}
