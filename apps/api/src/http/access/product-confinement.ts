import { Injectable } from '@nestjs/common';
import type { Principal } from '@app/auth';
import { CatalogReader } from '@app/catalog';
import { confinedProduct } from './product-key.decorator.js';

/** The only product that a caller may see, by its id. */
@Injectable()
export class ProductConfinement {
  constructor(private readonly catalog: CatalogReader) {}

  /** Null: any. */
  async productId(principal: Principal): Promise<string | null> {
    const key = confinedProduct(principal);
    return key === null ? null : (await this.catalog.getProduct(key)).id;
  }
}
