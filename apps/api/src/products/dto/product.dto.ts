import { IsOptional, IsString, Length, MaxLength } from 'class-validator';
import type { Product } from '@app/catalog';

export class CreateProductDto {
  /** @example api */
  @IsString()
  @MaxLength(64)
  key: string;

  @IsString()
  @Length(1, 200)
  name: string;
}

export class UpdateProductDto {
  @IsOptional()
  @IsString()
  @Length(1, 200)
  name?: string;
}

/** A line of service; features, plans and API keys belong to it. */
export class ProductDto {
  id: string;
  key: string;
  name: string;
  createdAt: Date;
  updatedAt: Date;

  static of({ id, key, name, createdAt, updatedAt }: Product): ProductDto {
    return { id, key, name, createdAt, updatedAt };
  }
}

export class ProductPageDto {
  data: ProductDto[];
  hasMore: boolean;
  nextCursor: string | null;
}
