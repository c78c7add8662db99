import { execFileSync } from 'node:child_process';

/** Subjects follow the rule from this commit on. */
const FIRST_CHECKED = 'e32dae0610035ed814d04e9f6a49a3db0637fd51';
const MAX_LENGTH = 72;
const SUBJECT = /^[a-z][a-z0-9-]*: [a-z]\S* \S/;

const git = (...args) => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

function isKnown(commit) {
  try {
    git('cat-file', '-e', `${commit}^{commit}`);
    return true;
  } catch {
    return false;
  }
}

function problemOf(subject) {
  if (!SUBJECT.test(subject)) return 'write "scope: verb object", both in lower case';
  if (subject.length > MAX_LENGTH) return `has ${subject.length} characters: use at most ${MAX_LENGTH}`;
  return subject.endsWith('.') ? 'ends with a dot: remove it' : null;
}

/** `npm run lint:commits`: checks the subjects of commits; a range for git log may be given as the argument. */
const [range = `${FIRST_CHECKED}..HEAD`] = process.argv.slice(2);
if (!isKnown(range.split('..')[0])) {
  console.log(`Commit subjects were not checked: this clone has no history back to ${range.split('..')[0]}.`);
} else {
  const commits = git('log', '--no-merges', '--format=%h %s', range).split('\n').filter(Boolean);
  const problems = commits
    .map((line) => ({ line, problem: problemOf(line.slice(line.indexOf(' ') + 1)) }))
    .filter(({ problem }) => problem);
  for (const { line, problem } of problems) console.log(`${line}\n    ${problem}`);
  console.log(`${commits.length} commit subjects, ${problems.length} with a problem.`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
