export class EntitlementsQueryDto {
  @ProductField()
  product?: string;

  /** As it was then: by what was sold, and what had been recorded. Left out: now. */
  @InstantField({ optional: true })
  at?: string;
}
import { InstantField, ProductField } from '../../http/input/fields.js';
