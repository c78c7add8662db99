import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { differences } from './compare.js';
import { hasCurl, blocksOf, brokenLinks, examplesOf, pages, read, ROOT } from './page.js';
import { runPage } from './shell.js';
import { type Place, startPlace, surroundingsOf } from './surroundings.js';

const RUN = [...pages(), 'examples/client-service/README.md'].filter((page) => examplesOf(read(page)).length > 0);
const PAGE_MS = 90_000;

/** Pages that log in start with a new service; the others continue from the end of such a page. */
const STARTING = RUN.filter((page) => read(page).includes('PASSWORD=...'));
const CONTINUING = RUN.filter((page) => !STARTING.includes(page));

async function expectCorrect(page: string, place: Place): Promise<void> {
  const markdown = read(page);
  const { calls, problems } = await runPage(markdown, await surroundingsOf(page, place));
  expect(problems).toEqual([]);
  expect(calls.length).toBeGreaterThanOrEqual(examplesOf(markdown).length);
}

describe('commands on a documentation page', () => {
  let place: Place;

  beforeEach(async () => {
    place = await startPlace();
  }, PAGE_MS);
  afterEach(() => place.end());

  it.each(STARTING)('%s: every command returns what the page shows', (page) => expectCorrect(page, place), PAGE_MS);
});

/** Wrong pages, each with the problem that the check must report. */
const LOGIN =
  'TOKEN=$(curl -s http://127.0.0.1:3000/v1/auth/login -H "content-type: application/json" -d "{\\"email\\":\\"admin@localhost\\",\\"password\\":\\"$PASSWORD\\"}" | sed \'s/.*"accessToken":"\\([^"]*\\)".*/\\1/\')';
const WRONG: [string, string, RegExp][] = [
  ['a request that is rejected', '```sh\ncurl -s http://127.0.0.1:3000/v1/customers/absent\n```', /status 401/],
  [
    'a request that is rejected in the middle of a pipe',
    '```sh\nKEY=$(curl -s http://127.0.0.1:3000/v1/customers/absent | sed s/a/b/)\n```',
    /status 401/,
  ],
  [
    'an expected error that does not occur',
    '```sh status=422\ncurl -s http://127.0.0.1:3000/health/live\n```',
    /nothing was answered with 422/,
  ],
  [
    'an error with another status than expected',
    '```sh status=422\ncurl -s http://127.0.0.1:3000/v1/customers/absent\n```',
    /status 401/,
  ],
  [
    'a different value',
    '```sh\ncurl -s http://127.0.0.1:3000/health/live\n```\n\n```json\n{ "status": "fine" }\n```',
    /status is "ok", shown is "fine"/,
  ],
  [
    'a missing member',
    '```sh\ncurl -s http://127.0.0.1:3000/health/live\n```\n\n```json\n{ "state": "ok" }\n```',
    /state is not there/,
  ],
  [
    'a missing header',
    '```sh\ncurl -si http://127.0.0.1:3000/health/live\n```\n\n```http\nHTTP/1.1 200 OK\nidempotency-replayed: true\n```',
    /header idempotency-replayed is not there/,
  ],
  [
    'a line that is not printed',
    '```sh\ncurl -s http://127.0.0.1:3000/health/live\n```\n\n```text\nall is well\n```',
    /"all is well" was not printed/,
  ],
  [
    'a command that never runs',
    '```sh\nif false; then curl -s http://127.0.0.1:3000/health/live; fi\n```',
    /no curl was run/,
  ],
  [
    'a block that ends early',
    '```sh\ncurl -s http://127.0.0.1:3000/health/live\nexit 0\n```',
    /was not run to its end/,
  ],
];

describe('pages that continue from the quickstart', () => {
  let place: Place;

  beforeAll(async () => {
    place = await startPlace();
  }, PAGE_MS);
  afterAll(() => place.end());

  it.each(CONTINUING)(
    '%s: every command returns what the page shows',
    async (page) => {
      await expectCorrect(page, place);
      if (page === 'docs/webhooks.md')
        await eventually(() =>
          place.receiver.requestsTo('/hook').find(({ message }) => message.type === 'webhook.test'),
        );
    },
    PAGE_MS,
  );

  it.each(WRONG)('the check finds a wrong page: %s', async (name, markdown, problem) => {
    const { problems } = await runPage(markdown, await surroundingsOf(name, place));
    expect(problems.join('\n')).toMatch(problem);
  });

  it('the check accepts a correct page', async () => {
    const right = `\`\`\`sh\nPASSWORD=...\n${LOGIN}\ncurl -s http://127.0.0.1:3000/v1/users/me -H "authorization: Bearer $TOKEN"\n\`\`\`\n\n\`\`\`json\n{ "id": "0198c0de-0000-7000-8000-000000000000", "email": "admin@localhost" }\n\`\`\``;
    const { calls, problems } = await runPage(right, await surroundingsOf('right', place));
    expect({ problems, statuses: calls.map(({ status }) => status) }).toEqual({ problems: [], statuses: [200, 200] });
  });

  it('values that change are compared by type, others by value', () => {
    const shown = {
      id: '0198c0de-0000-7000-8000-000000000000',
      at: '2026-11-21T20:04:31.307Z',
      left: 3,
      of: ['a'],
      none: null,
    };
    expect(
      differences(shown, {
        ...shown,
        id: '0198c0de-0000-7000-8000-000000000001',
        at: '2027-01-01T00:00:00.000Z',
        more: true,
      }),
    ).toEqual([]);
    expect(differences(shown, { ...shown, at: null })).toHaveLength(1);
    expect(differences(shown, { ...shown, left: 2, of: ['b'], none: 'x' })).toHaveLength(3);
    expect(differences(shown, { ...shown, of: ['a', 'b'] })).toHaveLength(1);
  });
});

describe('documentation pages', () => {
  it.each(['README.md', 'CONTRIBUTING.md', ...pages().slice(1), 'docs/events.md', 'examples/client-service/README.md'])(
    '%s: every link has a target',
    (page) => {
      expect(brokenLinks(page, read(page))).toEqual([]);
    },
  );

  it('the link check finds broken links', () => {
    const text =
      '# A heading, `reported`\n\n[a](#a-heading-reported) [b](#another) [c](docs/api.md#the-words) [d](docs/api.md#no-words) [e](docs/nothing.md) [f](https://example.com/x)\n\n```sh\n# no heading\n```\n[g](#no-heading)';
    expect(brokenLinks('README.md', text)).toEqual([
      '#another',
      'docs/api.md#no-words',
      'docs/nothing.md',
      '#no-heading',
    ]);
  });

  it('every curl command of the docs is run by a test', () => {
    const elsewhere = pages().flatMap((page) =>
      blocksOf(read(page))
        .filter((block) => hasCurl(block) && (block.language !== 'sh' || 'elsewhere' in block.options))
        .map(({ line }) => `${page}:${line}`),
    );
    expect(elsewhere).toEqual([]);
    expect(RUN).toEqual(
      expect.arrayContaining([
        'README.md',
        'docs/quickstart.md',
        'docs/integrate.md',
        'docs/webhooks.md',
        'docs/access.md',
      ]),
    );
  });

  it('docs name only tests that exist', () => {
    const scenarios = path.join(ROOT, 'test/harness/scenarios');
    const known = fs
      .readdirSync(scenarios)
      .flatMap((name) =>
        [...fs.readFileSync(path.join(scenarios, name), 'utf8').matchAll(/id: '(T-\d+)'/g)].map(([, id]) => id),
      );
    for (const page of [...pages(), 'CONTRIBUTING.md']) {
      const markdown = read(page);
      const files = [...markdown.matchAll(/`((?:test|libs|apps|bench|scripts|examples)\/[\w./-]+)`/g)].map(
        ([, file]) => file!,
      );
      expect(files.filter((file) => !fs.existsSync(path.join(ROOT, file)))).toEqual([]);
      expect([...markdown.matchAll(/\bT-\d+\b/g)].map(([id]) => id).filter((id) => !known.includes(id))).toEqual([]);
    }
  });

  it('shown responses are short enough to read', () => {
    for (const page of pages())
      for (const { shown } of examplesOf(read(page)))
        for (const { text } of shown) expect(text.split('\n').length).toBeLessThan(40);
  });
});
