import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { FieldListField } from '../input/fields.js';

/** Query parameters of every list. */
export class ListQuery {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: 100,
    default: 20,
    example: 50,
    description: 'Maximum number of rows on a page.',
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 20;

  @ApiPropertyOptional({
    description: 'The `nextCursor` of the previous page. Left out: the first page.',
    example: 'eyJpZCI6IjAxOWE4ZjNlIn0',
  })
  @IsOptional()
  @IsString()
  @MaxLength(512)
  cursor?: string;

  @FieldListField({
    description: 'Names of the members to return of each row, separated by commas.',
    example: 'id,status',
  })
  fields?: string;
}
