import { getMetadataArgsStorage } from 'typeorm';

type EntityClass<T> = new () => T;

/**
 * Columns of an entity as a select list: `c.device_type as "deviceType", ...`. The entity stays the only mapping of its
 * table.
 * @param alias alias of the table in the statement; omitted: none
 * @example `select ${selectList(CustomerEntity, 'c')} from customers c where c.id = $1`
 */
export const selectList = <T extends object>(entity: EntityClass<T>, alias?: string): string =>
  columnsOf(entity)
    .map(({ property, column }) => `${qualified(column, alias)} as "${property}"`)
    .join(', ');

/** Columns of an entity as the arguments of `json_build_object`: `'deviceType', x.device_type, ...`. */
export const jsonList = <T extends object>(entity: EntityClass<T>, alias: string, properties: (keyof T)[]): string =>
  columnsOf(entity)
    .filter(({ property }) => properties.includes(property as keyof T))
    .map(({ property, column }) => `'${property}', ${qualified(column, alias)}`)
    .join(', ');

/**
 * An insert of a whole row, for a prepared statement.
 * @example
 * const { sql, valuesOf } = insertList(CustomerEntity); // (id, device_type) values ($1, $2)
 * await connection.run({ name: 'insert customer', text: `insert into customers ${sql}` }, valuesOf(customer));
 */
export function insertList<T extends object>(entity: EntityClass<T>): { sql: string; valuesOf: (row: T) => unknown[] } {
  const columns = columnsOf(entity);
  const places = columns.map((_, index) => `$${index + 1}`);
  return {
    sql: `(${columns.map(({ column }) => column).join(', ')}) values (${places.join(', ')})`,
    valuesOf: (row) => columns.map(({ property }) => row[property as keyof T]),
  };
}

function columnsOf(entity: EntityClass<object>): { property: string; column: string }[] {
  return getMetadataArgsStorage()
    .filterColumns(entity)
    .map(({ propertyName, options }) => ({ property: propertyName, column: options.name ?? propertyName }));
}

const qualified = (column: string, alias: string | undefined): string => (alias ? `${alias}.${column}` : column);
