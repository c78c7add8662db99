import { EntityField, InstantField, ProductField } from '../../http/input/fields.js';

export class EntitlementsQueryDto {
  @ProductField()
  product?: string;

  /** Decide as of this instant, from the terms sold and the usage recorded by then. Default: now. */
  @InstantField({ optional: true })
  at?: string;
}

export class EntitlementQueryDto extends EntitlementsQueryDto {
  /** Also show the count of this entity of the customer, and decide on one more unit of it. */
  @EntityField()
  entity?: string;
}
