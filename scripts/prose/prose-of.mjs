import { createRequire } from 'node:module';

/** Loaded as CommonJS, which takes a second less. */
const ts = createRequire(import.meta.url)('typescript');

const CODE = /\.(?:[cm]?[jt]sx?|json)$/;
const MARKDOWN = /\.md$/;
/** Starts of SQL statements and of their parts, which are no prose. */
const SQL =
  /^[\s(]*(?:select|insert|update|delete|with|create|alter|drop|truncate|grant|revoke|set|reset|begin|commit|rollback|lock|notify|listen|explain|and|or|where|from|join|left|inner|cross|order|group|having|limit|union|values|on|returning|case|for|do|analyze|vacuum|copy|savepoint)\b/;
/** Later lines of SQL, for a text that starts with an expression or a list of columns. */
const SQL_WITHIN = /\n\s*(?:select|update|insert into|delete from|from|where)\b|\bas "[a-zA-Z]+"/;
const TEST_FUNCTION = /^(?:describe|it|test)\b/;
const SEVERAL_WORDS = /[a-z,.;:]\s+[a-z]/i;
/** Parts of a sentence that are no prose: addresses, inline code, and escapes such as \n in strings. */
const NO_PROSE = /\bhttps?:\/\/[^\s)>'"]+|(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)|\\(?:u\{?[0-9a-f]+\}?|x[0-9a-f]{2}|.)/gi;
const CODE_BLOCK = /^([ \t>]*)(```|~~~)[\s\S]*?^\1\2.*$/gm;
const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*(?:\n[ \t]*\/\/.*)*/g;
const COMMENT_MARK = /^\/\*\*?|\*\/$|^[ \t]*(?:\/\/|\*(?!\/))/gm;

const blank = (text, by) => text.replace(/[^\n]/g, by);
const blankParts = (text) => text.replace(NO_PROSE, (part) => blank(part, '\x01'));

/**
 * The prose of a file as a text of the same length, so that offsets stay valid. Code is blanked out with NUL, parts of
 * a sentence that are no prose (inline code, for example) with \x01.
 *
 * @returns {{ prose: string, comments: { from: number, to: number }[] }}
 */
export function proseOf(file, text) {
  if (CODE.test(file)) return proseOfCode(file, text);
  if (MARKDOWN.test(file))
    return { prose: blankParts(text.replace(CODE_BLOCK, (block) => blank(block, '\0'))), comments: [] };
  return {
    prose: blankParts(text.replace(/^[ \t]*(?:#+|--)(?=\s)/gm, (mark) => blank(mark, ' '))),
    comments: rangesOf(/^[ \t]*#.*$/gm, text),
  };
}

function proseOfCode(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const literals = [];
  const strings = [];
  const visit = (node) => {
    const parts = partsOf(node);
    const ranges = parts.map((part) => ({ from: part.getStart(source), to: part.end }));
    literals.push(...ranges);
    if (isProse(node, parts)) strings.push(...ranges);
    ts.forEachChild(node, visit);
  };
  visit(source);
  const comments = rangesOf(
    COMMENT,
    rewrite(text, literals, (part) => blank(part, ' ')),
  );
  const words = [
    ...comments.map((range) => ({ ...range, rewritten: commentText })),
    ...strings.map((range) => ({ ...range, rewritten: stringText })),
  ];
  return { prose: rewrite(text, words, undefined, (gap) => blank(gap, '\0')), comments };
}

const rangesOf = (pattern, text) =>
  [...text.matchAll(pattern)].map(({ 0: match, index }) => ({ from: index, to: index + match.length }));

/** The text with its ranges, and what is between them, rewritten. */
function rewrite(text, ranges, inRange, between = (gap) => gap) {
  const pieces = [];
  let end = 0;
  for (const { from, to, rewritten = inRange } of ranges.toSorted((a, b) => a.from - b.from)) {
    pieces.push(between(text.slice(end, from)), rewritten(text.slice(from, to)));
    end = to;
  }
  return [...pieces, between(text.slice(end))].join('');
}

/** The literal tokens of a node: strings, templates without their expressions, regular expressions, text of JSX. */
function partsOf(node) {
  if (ts.isTemplateExpression(node)) return [node.head, ...node.templateSpans.map(({ literal }) => literal)];
  const isLiteral =
    ts.isStringLiteral(node) ||
    ts.isNoSubstitutionTemplateLiteral(node) ||
    ts.isRegularExpressionLiteral(node) ||
    ts.isJsxText(node);
  return isLiteral ? [node] : [];
}

/** Names of tests, and all other texts of several words that are no SQL. */
function isProse(node, parts) {
  if (parts.length === 0 || ts.isRegularExpressionLiteral(node)) return false;
  if (ts.isCallExpression(node.parent) && TEST_FUNCTION.test(node.parent.expression.getText())) return true;
  const text = parts.map((part) => part.text).join('x');
  return SEVERAL_WORDS.test(text) && !SQL.test(text) && !SQL_WITHIN.test(text);
}

const commentText = (comment) =>
  blankParts(comment.replace(COMMENT_MARK, (mark) => blank(mark, ' '))).replace(/^ /, '\0');

/** A hole of a template, `${` to `}`, is part of its sentence. */
const stringText = (literal) =>
  blankParts(literal.slice(1, -1).replace(/`|\$\{/g, ' ')).replace(/^/, literal[0] === '}' ? '\x01' : '\0') +
  (literal.endsWith('{') ? '\x01' : '\0');
