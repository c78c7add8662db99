import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { format, inspect } from 'node:util';
import type { LoggerService } from '@nestjs/common';

const lines: string[] = [];
const expected: RegExp[] = [];
const allowed: RegExp[] = [];

/** Declares that this test provokes a line at level `warn` or above. The test fails when none matches. */
export function expectLog(pattern: RegExp): void {
  expected.push(pattern);
}

/** Declares that tests of this file may provoke such lines, at an instant that they do not control. */
export function allowLog(pattern: RegExp): void {
  allowed.push(pattern);
}

/** Records a line of the process or of one of its child processes. A line that no test expects fails the test. */
export function recordLine(line: string): void {
  lines.push(line);
}

/** Records the standard error of a child process, line by line. */
export function recordStderr(name: string, { stderr }: ChildProcess): void {
  createInterface(stderr!).on('line', (line) => recordLine(`stderr of ${name}: ${line}`));
}

/** @throws Error with the undeclared lines since the last call, and with the expected ones that are missing */
export function assertExpectedLog(): void {
  const [found, awaited] = [[...new Set(lines.splice(0))], expected.splice(0)];
  const unexpected = found.filter((line) => ![...awaited, ...allowed].some((pattern) => pattern.test(line)));
  const missing = awaited.filter((pattern) => !found.some((line) => pattern.test(line)));
  const problems = [
    ...unexpected.map((line) => `Unexpected log line (expectLog or allowLog declares it):\n${line}`),
    ...missing.map((pattern) => `Missing log line: ${String(pattern)}`),
  ];
  if (problems.length > 0) throw new Error(problems.join('\n\n'));
}

/** Logger of services in the test process. It prints nothing. */
export class TestLog implements LoggerService {
  log(): void {}

  warn(message: unknown, ...rest: unknown[]): void {
    recordLine(lineOf('WARN', message, rest));
  }

  error(message: unknown, ...rest: unknown[]): void {
    recordLine(lineOf('ERROR', message, rest));
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    recordLine(lineOf('FATAL', message, rest));
  }
}

/** One field per line, because stacks have several. */
function lineOf(level: string, message: unknown, rest: unknown[]): string {
  const fields =
    typeof message === 'object' && message !== null && !(message instanceof Error)
      ? Object.entries(message).map(([name, value]) => `${name}: ${typeof value === 'string' ? value : inspect(value)}`)
      : [format(message)];
  return `${level} ${[...fields, ...rest.filter((one) => one !== undefined).map((one) => format(one))].join('\n  ')}`;
}
