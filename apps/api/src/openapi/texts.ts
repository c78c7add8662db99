import type { OpenAPIObject } from '@nestjs/swagger';

type Members = Record<string, unknown>;

const LITERAL = /^(-?\d+|true|false)$/;
const DEFAULT_TAG = /\s*@default\s+(\S.*)$/;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Cleans the texts that the build takes from doc comments: joins their lines, and turns a `@default` into the keyword.
 * A blank line still ends a paragraph.
 */
export const withTexts = (document: OpenAPIObject): OpenAPIObject => cleaned(document) as OpenAPIObject;

function cleaned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleaned);
  if (!isObject(value)) return value;
  const members = Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, name === 'example' ? member : cleaned(member)]),
  );
  return typeof members['description'] === 'string' ? withDefault(members, members['description']) : members;
}

function withDefault({ description: _, ...members }: Members, text: string): Members {
  const joined = text.replace(/(\S)[ \t]*\n(?![\n\-*|])/g, '$1 ').trim();
  const given = DEFAULT_TAG.exec(joined)?.[1];
  const description = joined.replace(DEFAULT_TAG, '');
  return {
    ...members,
    ...(description === '' && given !== undefined ? {} : { description }),
    ...(given === undefined ? {} : defaultOf(members, given)),
  };
}

/** A parameter has its default in its schema. */
function defaultOf({ schema, type }: Members, text: string): Members {
  return isObject(schema)
    ? { schema: { ...schema, ...defaultOf(schema, text) } }
    : { default: type !== 'string' && LITERAL.test(text) ? (JSON.parse(text) as unknown) : text };
}
