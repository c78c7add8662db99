/** Values that differ in each run: ids, times, tokens, secrets and numbers. Only their kind is compared. */
const VARYING = [
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/,
  /^(tg|whsec)_\S+$/,
  /^eyJ\S+$/,
  /^\d+$/,
];

const kindOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value !== 'string') return typeof value;
  return VARYING.find((kind) => kind.test(value))?.source ?? 'string';
};

/**
 * Differences of a real response from the one that a page shows.
 * Each shown member must exist with the same kind and value; the response may have more.
 */
export function differences(shown: unknown, real: unknown, at = ''): string[] {
  const [kind, realKind] = [kindOf(shown), kindOf(real)];
  if (kind !== realKind)
    return [`${at || 'the answer'} is ${JSON.stringify(real) ?? 'not there'}, shown is ${JSON.stringify(shown)}`];
  if (kind === 'array') {
    const [one, other] = [shown as unknown[], real as unknown[]];
    if (one.length !== other.length)
      return [`${at || 'the answer'} has ${other.length} entries, shown are ${one.length}`];
    return one.flatMap((value, index) => differences(value, other[index], `${at}[${index}]`));
  }
  if (kind === 'object') {
    return Object.entries(shown as object).flatMap(([key, value]) =>
      differences(value, (real as Record<string, unknown>)[key], at ? `${at}.${key}` : key),
    );
  }
  if (typeof shown === 'string' && kind !== 'string') return [];
  return shown === real ? [] : [`${at || 'the answer'} is ${JSON.stringify(real)}, shown is ${JSON.stringify(shown)}`];
}

/** Status line and headers, as a page shows them. */
export interface Head {
  status: number;
  headers: Map<string, string>;
}

export function headOf(text: string): Head {
  const [first = '', ...lines] = text.split(/\r?\n/).filter(Boolean);
  const headers = lines.map((line) => line.split(/:\s*(.*)/).slice(0, 2) as [string, string]);
  return {
    status: Number(/^HTTP\/\S+ (\d{3})/.exec(first)?.[1]),
    headers: new Map(headers.map(([name, value]) => [name.toLowerCase(), value.trim()])),
  };
}

export function differencesOfHeads(shown: Head, real: Head): string[] {
  const status = shown.status === real.status ? [] : [`the status is ${real.status}, shown is ${shown.status}`];
  return [
    ...status,
    ...[...shown.headers].flatMap(([name, value]) => differences(value, real.headers.get(name), `header ${name}`)),
  ];
}

/** Lines that are shown and do not occur in what was printed, in their order. */
export function missingLines(shown: string, printed: string): string[] {
  let rest = printed;
  return shown
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .filter((line) => {
      const at = rest.indexOf(line);
      if (at >= 0) rest = rest.slice(at + line.length);
      return at < 0;
    })
    .map((line) => `"${line}" was not printed`);
}
