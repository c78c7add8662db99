import { Config } from '@app/platform';
import { read } from './page.js';

export const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];

/** Factor of each unit that a document uses: times in milliseconds, sizes in bytes, everything else as a count. */
const UNITS: Record<string, number> = {
  ms: 1,
  s: SECOND,
  second: SECOND,
  min: MINUTE,
  minute: MINUTE,
  hour: HOUR,
  day: DAY,
  month: 28 * DAY,
  kB: 1_000,
  MiB: 1_048_576,
  entry: 1,
};
const COUNTED =
  'character|%|percent|row|entrie|time|attempt|tries|request|level|header|stream|endpoint|failure|export|mail|connection';
const WORDS =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen twenty thirty hundred'.split(
    ' ',
  );
const WORD_VALUES: Record<string, number> = {
  ...Object.fromEntries(WORDS.map((word, value) => [word, value])),
  ...{ twenty: 20, thirty: 30, hundred: 100, half: 0.5, an: 1, a: 1 },
};

/** A number with its unit in prose. `a day` is left out: it is rarely a bound. */
const QUANTITY = new RegExp(
  `(?<![\\w.:\`-])(\\d[\\d,.]*\\d|\\d|${WORDS.slice(2).join('|')})[ -](${[...Object.keys(UNITS), COUNTED].join('|')})s?(?!\\w)`,
  'gi',
);

export interface Quantity {
  text: string;
  index: number;
}

/** All numbers with a unit in the prose of a page: blocks of code are left out, by spaces of their length. */
export const quantitiesIn = (prose: string): Quantity[] =>
  [...prose.matchAll(QUANTITY)].map(({ 0: text, index }) => ({ text, index }));

export const proseOf = (page: string): string =>
  read(page).replace(/^```[\s\S]*?^```/gm, (block) => ' '.repeat(block.length));

/** The value of `24 hours`, `0.5 s`, `ten attempts`, `1,000`: milliseconds, bytes or a count. */
export function valueOf(quantity: string): number {
  const [, number = '', unit = ''] =
    /^(\S+?)(?:[ -]([\p{L}%]+))?$/u.exec(quantity.replace('half a ', 'half ').trim()) ?? [];
  const value = WORD_VALUES[number.toLowerCase()] ?? Number(number.replaceAll(',', ''));
  return value * (UNITS[unit] ?? UNITS[unit.replace(/s$/, '')] ?? 1);
}

/**
 * A constant of a source file: `const NAME = 5 * 60_000;`, or what the brackets of a pattern capture.
 * @throws Error when it does not exist: it was renamed, and the table of the test has to follow
 */
export function constant(file: string, name: string | RegExp): number {
  const source = read(file);
  const pattern = typeof name === 'string' ? new RegExp(`\\b${name}(?:: [^=]+)? = ([^;]+);`) : name;
  const expression = pattern.exec(source)?.[1];
  if (expression === undefined) throw new Error(`${file} has no ${String(name)}.`);
  return expression.split('*').reduce((product, factor) => product * factorOf(factor.trim(), file), 1);
}

const factorOf = (text: string, file: string): number =>
  /^[\d_.]+$/.test(text) ? Number(text.replaceAll('_', '')) : constant(file, text);

const PROPERTIES: Record<string, keyof Config> = { USAGE_LANES: 'usageShards' };

/** The default of a setting, in the configuration of a process. */
export function defaultOf(setting: string, production: boolean): unknown {
  const camel = setting.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) as keyof Config;
  const url = 'postgres://db/x';
  const secret = 'q8Zr1vXw5uTn3yLk7pMd2sGh9cFb4aJe';
  const config = new Config({
    DATABASE_URL: url,
    SECRET_KEY: secret,
    ...(production ? { NODE_ENV: 'production' } : {}),
  });
  return config[PROPERTIES[setting] ?? camel];
}
