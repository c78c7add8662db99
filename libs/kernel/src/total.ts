/** The sum of one numeric member over all items. */
export const totalOf = <Name extends string>(items: Record<Name, number>[], name: Name): number =>
  items.reduce((sum, item) => sum + item[name], 0);
