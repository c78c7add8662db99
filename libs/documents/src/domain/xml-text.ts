/** Characters that XML 1.0 cannot contain, not even escaped: control characters, non-characters, lone surrogates. */
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/**
 * A copy of plain data whose texts XML can contain: each forbidden character is a space. A name or a description may
 * have one, and a document that is not well-formed could not be read by any program.
 * @example xmlContent({ name: 'A\u0001B' }) // { name: 'A B' }
 */
export function xmlContent<T>(content: T): T {
  if (typeof content === 'string') return content.replace(FORBIDDEN, ' ') as T;
  if (Array.isArray(content)) return content.map((item: unknown) => xmlContent(item)) as T;
  if (typeof content !== 'object' || content === null) return content;
  return Object.fromEntries(Object.entries(content).map(([name, value]) => [name, xmlContent(value)])) as T;
}
