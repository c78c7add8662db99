import * as fs from 'node:fs';
import * as path from 'node:path';
import { proseOf } from './prose/prose-of.mjs';
import { findBannedWords } from './prose/words.mjs';

const LAST_COLUMN = 120;
const CHECKED =
  /\.([cm]?[jt]sx?|md|ya?ml|sh|toml)$|(^|\/)(\.env\.example|Dockerfile|\.ci\/run|package\.json)$|^deploy\/.*\.json$/;
/** Installed or built; generated from checked sources; lists of the banned words. */
const UNCHECKED = [
  /(^|\/)(node_modules|dist|coverage|\.git|\.data)\//,
  /^docs\/events\.md$/,
  /^clients\/[^/]+\/src\/schema\.ts$/,
  /^(scripts\/prose\/words\.mjs|test\/rules\/prose\.spec\.ts)$/,
];

const isChecked = (file) => CHECKED.test(file) && !UNCHECKED.some((pattern) => pattern.test(file));

function* filesBelow(folder) {
  for (const entry of fs.readdirSync(folder || '.', { withFileTypes: true })) {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory() && !UNCHECKED.some((pattern) => pattern.test(`${file}/`))) yield* filesBelow(file);
    if (entry.isFile() && isChecked(file)) yield file;
  }
}

/** Every breach in a file, as `file:line: text`. */
function breachesOf(file) {
  const text = fs.readFileSync(file, 'utf8');
  const { prose, comments } = proseOf(file, text);
  const breaches = findBannedWords(prose).map(({ at, word, hint }) => ({ at, message: `"${word}": use ${hint}` }));
  for (const { from, to } of comments) breaches.push(...longLines(text, from, to));
  const lineOf = (at) => text.slice(0, at).split('\n').length;
  return breaches.toSorted((a, b) => a.at - b.at).map(({ at, message }) => `${file}:${lineOf(at)}: ${message}`);
}

/** Lines of a comment that are too long. A line with an address is exempt: it cannot be broken. */
function longLines(text, from, to) {
  const breaches = [];
  for (let at = text.lastIndexOf('\n', from - 1) + 1; at < to; at = text.indexOf('\n', at) + 1 || text.length) {
    const line = /.*/y.exec(text.slice(at))[0];
    if (line.length > LAST_COLUMN && !/https?:|eslint-disable|squawk-ignore/.test(line))
      breaches.push({ at, message: `comment ends at column ${line.length}: break the line before ${LAST_COLUMN}` });
  }
  return breaches;
}

/** `npm run lint:prose`: checks the words of comments, texts and documents; files may be named as arguments. */
const named = process.argv.slice(2).map((file) => path.relative('', file).replaceAll(path.sep, '/'));
const files = named.length > 0 ? named.filter(isChecked) : [...filesBelow('')];
const breaches = files.flatMap(breachesOf);
for (const breach of breaches) console.log(breach);
console.log(breaches.length === 0 ? `Prose of ${files.length} files: no breaches.` : `${breaches.length} breaches.`);
process.exitCode = breaches.length === 0 ? 0 : 1;
