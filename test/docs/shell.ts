import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { differences, differencesOfHeads, type Head, headOf, missingLines } from './compare.js';
import { type Example, examplesOf } from './page.js';

/** One `curl` of a page with its response. */
interface Call extends Head {
  block: number;
  body: string;
}

export interface Run {
  calls: Call[];
  /** Differences between the page and the real responses. Empty for a correct page. */
  problems: string[];
}

export interface Surroundings {
  /** The working folder of the page. */
  folder: string;
  /** Texts of the page with their replacements. */
  replace: [string | RegExp, string][];
  /** Commands to run before those of the page. */
  before?: string;
}

const TIMEOUT_MS = 60_000;
/** A stream never ends, so it is read for 2 s. */
const LISTEN_SECONDS = 2;
const TIMED_OUT = 28;

/**
 * Replaces `curl` by a function that stores status, headers and body of each response and stops a stream.
 * An HTTP error ends the session, unless the block expects its status.
 */
const PRELUDE = `
set -euo pipefail
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
BLOCK=0 EXPECTED=''
curl() {
  local call rc=0 status='' line stream=() files=("$KEPT"/*)
  # Files are never deleted, so their number is unique for each call.
  printf -v call '%s/call-%s-%05d' "$KEPT" "$BLOCK" \${#files[@]}
  if [[ " $* " =~ \\ -(s?N|Ns?)\\  ]]; then stream=(--max-time ${LISTEN_SECONDS}); fi
  : >"$call.head"
  command curl --fail-with-body --show-error \${stream[@]+"\${stream[@]}"} -D "$call.head" "$@" 2>"$call.error" | tee "$call.body" || rc=$?
  while IFS= read -r line; do
    if [[ $line =~ ^HTTP/[^\\ ]+\\ ([0-9]+) ]]; then status=\${BASH_REMATCH[1]}; fi
  done <"$call.head"
  if [ $rc -eq ${TIMED_OUT} ] && [ \${#stream[@]} -gt 0 ] && [ "$status" = 200 ]; then return 0; fi
  if [ $rc -ne 0 ] && [ -n "$EXPECTED" ] && [ "$status" = "$EXPECTED" ]; then return 0; fi
  if [ $rc -ne 0 ]; then echo "curl $* ended with $rc, status $status: $(<"$call.error")$(<"$call.body")" >&2; fi
  return $rc
}
# The value of a member in the n-th response of the page.
member_of() {
  sed "s/.*\\"$2\\":\\"\\([^\\"]*\\)\\".*/\\1/" "$(ls "$KEPT"/call-*.body | sed -n "$1p")"
}
`;

/** Runs the examples of a page, in their order, in one session. */
export async function runPage(markdown: string, surroundings: Surroundings): Promise<Run> {
  const { folder, replace, before = '' } = surroundings;
  const examples = examplesOf(markdown);
  const kept = path.join(folder, 'kept');
  fs.mkdirSync(kept, { recursive: true });
  const substitute = (text: string): string =>
    replace.reduce(
      (changed, [pattern, by]) =>
        changed.replaceAll(typeof pattern === 'string' ? pattern : new RegExp(pattern, 'g'), () => by),
      text,
    );
  const blocks = examples.map(
    ({ commands }, index) =>
      `BLOCK=${String(index + 1).padStart(3, '0')} EXPECTED='${commands.options['status'] ?? ''}'\nexec >"$KEPT/out-${index + 1}"\n${substitute(commands.text)}\ntouch "$KEPT/done-${index + 1}"\n`,
  );
  const { code, errors } = await bash([PRELUDE, before, ...blocks].join('\n'), folder, kept);
  const calls = callsIn(kept);
  const problems = code === 0 ? [] : [`the session ended with ${code}: ${errors.trim()}`];
  for (const [index, example] of examples.entries()) {
    const output = path.join(kept, `out-${index + 1}`);
    const found = fs.existsSync(path.join(kept, `done-${index + 1}`))
      ? problemsOf(
          example,
          calls.filter(({ block }) => block === index + 1),
          fs.readFileSync(output, 'utf8'),
        )
      : ['was not run to its end'];
    problems.push(...found.map((problem) => `line ${example.commands.line}: ${problem}`));
  }
  return { calls, problems };
}

function bash(script: string, folder: string, kept: string): Promise<{ code: number | string; errors: string }> {
  const { PATH, HOME } = process.env;
  // A separate process group, so that all processes of a page can be killed.
  const child = spawn('bash', ['-c', script], {
    cwd: folder,
    env: { PATH, HOME, KEPT: kept },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let errors = '';
  child.stderr.on('data', (data) => (errors += String(data)));
  const end = (): void => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // All processes have ended.
    }
  };
  const timer = setTimeout(end, TIMEOUT_MS);
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      end();
      resolve({ code: code ?? signal!, errors });
    });
  });
}

const callsIn = (kept: string): Call[] =>
  fs
    .readdirSync(kept)
    .filter((name) => /^call-.*\.head$/.test(name))
    .sort()
    .map((name) => {
      const file = path.join(kept, name.replace(/\.head$/, ''));
      const body = fs.readFileSync(`${file}.body`, 'utf8');
      return {
        block: Number(name.split('-')[1]),
        ...headOf(lastHead(fs.readFileSync(`${file}.head`, 'utf8'))),
        body: body.startsWith('HTTP/') ? body.split('\r\n\r\n').slice(1).join('\r\n\r\n') : body,
      };
    });

/** The last head: a repeated request has several. */
const lastHead = (text: string): string =>
  text
    .split(/\r?\n\r?\n/)
    .filter(Boolean)
    .at(-1) ?? '';

function problemsOf({ commands, shown }: Example, calls: Call[], printed: string): string[] {
  const last = calls.at(-1);
  if (!last) return ['no curl was run'];
  const expected = commands.options['status'];
  const problems =
    expected === undefined || calls.some(({ status }) => String(status) === expected)
      ? []
      : [`nothing was answered with ${expected}`];
  for (const { language, text } of shown) problems.push(...problemsOfAnswer(language, text, last, printed));
  return problems;
}

function problemsOfAnswer(language: string, text: string, last: Call, printed: string): string[] {
  if (language === 'text') return missingLines(text, printed);
  if (language === 'json') return differences(JSON.parse(text), parsed(last.body));
  const [head = '', ...body] = text.split('\n\n');
  return [
    ...differencesOfHeads(headOf(head), last),
    ...(body.length > 0 ? differences(JSON.parse(body.join('\n\n')), parsed(last.body)) : []),
  ];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
