export class EntitlementsQueryDto {
  @ProductField()
  product?: string;

  /** Decide as of this instant, from the terms sold and the usage recorded by then. Default: now. */
  @InstantField({ optional: true })
  at?: string;
}
import { InstantField, ProductField } from '../../http/input/fields.js';
