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

function columnsOf(entity: EntityClass<object>): { property: string; column: string }[] {
  return getMetadataArgsStorage()
    .filterColumns(entity)
    .map(({ propertyName, options }) => ({ property: propertyName, column: options.name ?? propertyName }));
}

const qualified = (column: string, alias: string | undefined): string => (alias ? `${alias}.${column}` : column);
