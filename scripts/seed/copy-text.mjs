import { DAY_MS } from './wall-clock.mjs';

/** A line in COPY's text format (PostgreSQL, "COPY"). Not escaped: seed data has no tabs, newlines or backslashes. */
export function line(values) {
  const texts = new Array(values.length);
  for (let index = 0; index < values.length; index++) texts[index] = textOf(values[index]);
  return texts.join('\t');
}

function textOf(value) {
  switch (typeof value) {
    case 'string':
      return value;
    case 'object':
      if (value === null) return '\\N';
      return value instanceof Date ? instant(value) : json(value);
    default:
      return `${value}`;
  }
}

const kept = new WeakMap();

/**
 * JSON as JSON.stringify writes it, in half the time, because most values are instants. The text of frozen objects is
 * cached: the price of a plan is the same in a million rows.
 */
function json(value) {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return `${value}`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Date) return `"${instant(value)}"`;
  let text = kept.get(value);
  if (text !== undefined) return text;
  text = members(value);
  if (Object.isFrozen(value)) kept.set(value, text);
  return text;
}

function members(value) {
  let text = '';
  for (const name in value) text += `${text === '' ? '' : ','}"${name}":${json(value[name])}`;
  return `{${text}}`;
}

const days = new Map();
const digits = (count) => Array.from({ length: 10 ** count }, (_, number) => String(number).padStart(count, '0'));
const [TWO, THREE] = [digits(2), digits(3)];

/** An instant as toISOString writes it. The date part is cached per day. */
function instant(date) {
  const at = date.getTime();
  const day = Math.floor(at / DAY_MS);
  let name = days.get(day);
  if (name === undefined) days.set(day, (name = new Date(day * DAY_MS).toISOString().slice(0, 11)));
  const ms = at - day * DAY_MS;
  const seconds = Math.floor(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  return `${name}${TWO[Math.floor(minutes / 60)]}:${TWO[minutes % 60]}:${TWO[seconds % 60]}.${THREE[ms % 1_000]}Z`;
}
