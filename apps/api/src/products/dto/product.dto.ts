import type { Product } from '@app/catalog';
import { KeyField, NameField } from '../../http/input/fields.js';

export class CreateProductDto {
  /** Key that requests name as `product`. @example api */
  @KeyField()
  key: string;

  /** Name that people read. @example "Public API" */
  @NameField()
  name: string;
}

export class UpdateProductDto {
  /** Name that people read. @example "Public API" */
  @NameField({ optional: 'not null' })
  name?: string;
}

/** A product; features, plans and API keys belong to it. */
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
