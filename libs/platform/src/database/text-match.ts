/**
 * Pattern of LIKE for texts that start with this one, in any case: `lower(column) like $1`. An index with
 * `text_pattern_ops` finds them.
 * @example startsWith('50%_') // '50\\%\\_%'
 */
export const startsWith = (text: string): string => `${escaped(text)}%`;

/** Pattern of LIKE for texts that contain this one, in any case. No index finds them: for small tables only. */
export const contains = (text: string): string => `%${escaped(text)}%`;

/** Characters with a meaning in LIKE, as themselves. */
const escaped = (text: string): string => text.toLowerCase().replace(/[\\%_]/g, '\\$&');
