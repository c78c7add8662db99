import type { Value } from './parameters.js';

const NAME = /[^[\]]+/g;

/** Parameters in Stripe's form encoding: `metadata[invoice]=1&expand[0]=latest_charge`. */
export function parseForm(text: string): { [name: string]: Value } {
  const parsed: { [name: string]: Value } = {};
  for (const [name, value] of new URLSearchParams(text)) insert(parsed, name.match(NAME) ?? [], value);
  return withArrays(parsed) as { [name: string]: Value };
}

function insert(target: { [name: string]: Value }, [name, ...rest]: string[], value: string): void {
  if (name === undefined) return;
  if (rest.length === 0) target[name] = value;
  else insert((target[name] ??= {}) as { [name: string]: Value }, rest, value);
}

function withArrays(value: Value): Value {
  if (typeof value === 'string' || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([name, inner]) => [name, withArrays(inner)] as const);
  const isArray = entries.length > 0 && entries.every(([name], index) => name === String(index));
  return isArray ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}
