type Members = Record<string, unknown>;

/** Keywords whose content is a value, not a schema. */
const VALUE_KEYWORDS = new Set(['example', 'default', 'const', 'enum']);

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Converts the document to OpenAPI 3.1, which has webhooks. Nullable becomes a type (JSON Schema 2020-12). */
export function inVersion31<T extends object>(document: T): T {
  return { ...(converted(document) as T), openapi: '3.1.0' };
}

function converted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(converted);
  if (!isObject(value)) return value;
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, VALUE_KEYWORDS.has(name) ? member : converted(member)]),
  );
  return nullable === true ? orNull(rest) : rest;
}

function orNull({ type, enum: values, allOf, $ref, ...rest }: Members): Members {
  if ($ref !== undefined) return { ...rest, anyOf: [{ $ref }, { type: 'null' }] };
  if (Array.isArray(allOf)) return { ...rest, anyOf: [...(allOf as unknown[]), { type: 'null' }] };
  const enumeration = Array.isArray(values) ? { enum: [...(values as unknown[]), null] } : {};
  return { ...rest, ...enumeration, ...(typeof type === 'string' ? { type: [type, 'null'] } : {}) };
}
