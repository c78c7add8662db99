import * as fs from 'node:fs';
import * as path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');

/** A fenced block of a page. */
export interface Block {
  language: string;
  /** Options after the language, such as `status=422`. */
  options: Record<string, string>;
  text: string;
  /** Line number of the opening fence in the page. */
  line: number;
}

/** A block of commands, and the blocks below it that show the response. */
export interface Example {
  commands: Block;
  shown: Block[];
}

const FENCE = /^(`{3,}|~{3,})\s*(\S*)\s*(.*)$/;
const RESPONSES = ['json', 'http', 'text'];

export const read = (page: string): string => fs.readFileSync(path.join(ROOT, page), 'utf8');

/** README.md and docs/ without generated pages. */
export const pages = (): string[] => [
  'README.md',
  ...fs
    .readdirSync(path.join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md') && name !== 'events.md')
    .sort()
    .map((name) => `docs/${name}`),
];

export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { block: Block; fence: string } | null = null;
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, fence = '', language = '', info = ''] = FENCE.exec(line) ?? [];
    if (open) {
      if (fence.startsWith(open.fence) && language === '') open = null;
      else open.block.text += `${line}\n`;
    } else if (fence) {
      const block = { language, options: optionsOf(info), text: '', line: index + 1 };
      blocks.push(block);
      open = { block, fence };
    }
  }
  return blocks;
}

const optionsOf = (info: string): Record<string, string> =>
  Object.fromEntries(
    info
      .split(/\s+/)
      .filter(Boolean)
      .map((option) => [option.split('=')[0]!, option.split('=').slice(1).join('=')]),
  );

const CURL = /(^|[\s;(|&])curl\s/;

export const hasCurl = ({ text }: Block): boolean => CURL.test(text);

/** The examples that tests run: shell blocks with a `curl`, except those with the option `elsewhere`. */
export function examplesOf(markdown: string): Example[] {
  const examples: Example[] = [];
  let last: Example | null = null;
  for (const block of blocksOf(markdown)) {
    if (block.language === 'sh') {
      last = hasCurl(block) && !('elsewhere' in block.options) ? { commands: block, shown: [] } : null;
      if (last) examples.push(last);
    } else if (last && RESPONSES.includes(block.language)) {
      last.shown.push(block);
    } else {
      last = null;
    }
  }
  return examples;
}

const withoutCode = (markdown: string): string => {
  for (const { text } of blocksOf(markdown))
    markdown = markdown.replace(text, '\n'.repeat(text.split('\n').length - 1));
  return markdown;
};

/** Anchors as GitHub makes them: lower case, no punctuation, hyphens for spaces, numbered when repeated. */
export function anchorsOf(markdown: string): Set<string> {
  const counts = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading] of withoutCode(markdown).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const text = heading!
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const times = counts.get(text) ?? 0;
    counts.set(text, times + 1);
    anchors.add(times === 0 ? text : `${text}-${times}`);
  }
  return anchors;
}

/** Links of a page without a target: the file or its heading does not exist. */
export function brokenLinks(page: string, markdown: string): string[] {
  const text = withoutCode(markdown).replace(/`[^`\n]*`/g, '');
  const targets = [...text.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => target!);
  return targets.filter((target) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return false;
    const [file, anchor] = target.split('#') as [string, string | undefined];
    const at = file === '' ? path.join(ROOT, page) : path.resolve(ROOT, path.dirname(page), decodeURI(file));
    if (!fs.existsSync(at)) return true;
    if (anchor === undefined || !at.endsWith('.md')) return anchor !== undefined;
    return !anchorsOf(file === '' ? markdown : fs.readFileSync(at, 'utf8')).has(anchor);
  });
}
