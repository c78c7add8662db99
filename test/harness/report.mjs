const WIDTH = 34;

const shown = (value) =>
  Array.isArray(value)
    ? value.join('/')
    : typeof value === 'object' && value !== null
      ? JSON.stringify(value)
      : String(value);
const figuresOf = (figures) =>
  Object.entries(figures)
    .map(([name, value]) => `${name}=${shown(value)}`)
    .join(' ');

/** Prints a line per scenario, with its failures below. */
export function printOutcome({ id, title, seconds, figures, skipped, failures, notes, checked }) {
  const verdict = skipped ? 'SKIPPED' : failures.length > 0 ? 'FAILED ' : 'ok     ';
  console.log(
    `${verdict} ${id} ${title.padEnd(WIDTH)} ${seconds.padStart(5)} s  ${skipped ?? figuresOf(figures)}${checked.length > 0 ? `  [${checked.join(' ')}]` : ''}`,
  );
  for (const note of notes) console.log(`        note: ${note}`);
  for (const failure of failures) console.log(`        FAILED: ${failure}`);
}

export function printTable(outcomes, seed, seconds) {
  const cell = ({ skipped, failures }) => (skipped ? 'skipped' : failures.length > 0 ? 'FAILED' : 'ok');
  console.log('\n| scenario | title | s | result |\n|---|---|---|---|');
  for (const outcome of outcomes)
    console.log(`| ${outcome.id} | ${outcome.title} | ${outcome.seconds} | ${cell(outcome)} |`);
  const failed = outcomes.filter(({ failures }) => failures.length > 0).map(({ id }) => id);
  console.log(
    `\n${outcomes.length} scenarios in ${seconds} s, seed ${seed}: ${failed.length === 0 ? 'all scenarios that ran passed' : `FAILED ${failed.join(', ')}; repeat with: npm run test:faults -- --seed ${seed} --only ${failed.join(',')}`}`,
  );
}
