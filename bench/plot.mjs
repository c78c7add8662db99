const SIZE = { width: 760, height: 420, left: 60, right: 210, top: 50, bottom: 50 };
const COLOURS = [
  '#1b6ca8',
  '#c8553d',
  '#4f772d',
  '#8e5ea2',
  '#e09f3e',
  '#2a9d8f',
  '#6c757d',
  '#9e2a2b',
  '#3d405b',
  '#588157',
];

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/**
 * Draws a line chart as SVG.
 * @param series each with a value for each label; 1 is the reference and drawn as a line
 */
export function plotOf({ title, labels, series }) {
  const { width, height, left, right, top, bottom } = SIZE;
  const most = Math.max(1.2, ...series.flatMap(({ values }) => values));
  const x = (index) => left + (index * (width - left - right)) / Math.max(1, labels.length - 1);
  const y = (value) => height - bottom - (value / most) * (height - top - bottom);
  const text = (at, content, extra = '') =>
    `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" ${extra}>${escaped(content)}</text>`;
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((value) => [
    `<line x1="${left}" x2="${width - right}" y1="${y(value)}" y2="${y(value)}" stroke="${value === 1 ? '#555' : '#ddd'}"/>`,
    text([left - 8, y(value) + 4], value.toFixed(2), 'text-anchor="end"'),
  ]);
  // Labels of lines that end close together are placed below each other.
  const ends = series.map(({ values }, index) => ({ index, at: y(values.at(-1)) })).sort((a, b) => a.at - b.at);
  for (let n = 1; n < ends.length; n++) ends[n].at = Math.max(ends[n].at, ends[n - 1].at + 15);
  const lines = series.map(
    ({ values }, index) =>
      `<polyline fill="none" stroke-width="2" stroke="${COLOURS[index % COLOURS.length]}" points="${values.map((value, n) => `${x(n).toFixed(1)},${y(value).toFixed(1)}`).join(' ')}"/>`,
  );
  const names = ends.map(({ index, at }) =>
    text(
      [width - right + 8, at + 4],
      `${series[index].name} ${series[index].values.at(-1).toFixed(2)}`,
      `fill="${COLOURS[index % COLOURS.length]}"`,
    ),
  );
  const below = labels.map((label, index) => text([x(index), height - bottom + 20], label, 'text-anchor="middle"'));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text([left, 26], title, 'font-size="15" font-weight="bold"'),
    ...grid,
    ...lines,
    ...names,
    ...below,
    text([(left + width - right) / 2, height - 8], 'customers', 'text-anchor="middle"'),
    '</svg>',
    '',
  ].join('\n');
}
