const KEYS = new WeakMap<object, string>();

/**
 * The same text for equal prices, independent of the order of their members: the database sorts them. Remembered by
 * object, because the versions of plans share theirs.
 */
export function priceKey(price: object | null): string {
  if (price === null) return 'null';
  const known = KEYS.get(price);
  if (known !== undefined) return known;
  const key = JSON.stringify(price, (_, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  );
  KEYS.set(price, key);
  return key;
}
