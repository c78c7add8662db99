/** The operations of this API that a user may call, by their operationId. */
export class PermissionsDto {
  /** Keys of the only products that the user sees as staff; null: all products. */
  products: string[] | null;
  /** Operations on every object of these products, and those that concern no customer. */
  operations: string[];
  /** Operations that the user may call for its own customer (`me`) only. */
  ownOperations: string[];
  /** Those of `operations` that need a `reason` in the body. */
  reasonRequired: string[];
}
