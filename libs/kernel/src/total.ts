/** What the numbers of one name add up to. */
export const totalOf = <Name extends string>(items: Record<Name, number>[], name: Name): number =>
  items.reduce((sum, item) => sum + item[name], 0);
