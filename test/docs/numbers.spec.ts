import { describe, expect, it } from '@jest/globals';
import { pages, read } from './page.js';
import {
  ADAPTER_TIMEOUT_MS,
  CHECK_LEASE_MS,
  PROVIDER_TIMEOUT_MS,
} from '../../libs/billing/src/domain/provider-times.js';
import { constant, DAY, defaultOf, HOUR, MINUTE, proseOf, quantitiesIn, SECOND, valueOf } from './numbers.js';

/** A setting with its default: `MAX_IN_FLIGHT` (500), `REQUEST_DEADLINE_MS` (2.5 s), `DRAIN_MS` (5 s in production). */
const SETTING_WITH_DEFAULT =
  /`([A-Z][A-Z_]+)`(?: \(|( \| |, ))([\d][\d,.]*\d|\d)(?: (ms|s|seconds|days))?( in production)?(?=[),: |])/g;
const SETTING_BEFORE = /`[A-Z][A-Z_]+`(?: \(|, )$/;

/** Pages about the past and about measurements: their numbers are no promises. */
const WITHOUT_BOUNDS = ['docs/decisions.md'];

const [ACCESS, API, METERING, LIFECYCLE, OPERATE, WEBHOOKS] = [
  'access',
  'api',
  'metering',
  'lifecycle',
  'operate',
  'webhooks',
].map((page) => `docs/${page}.md`) as [string, string, string, string, string, string];
const LIMITS = 'libs/platform/src/database/connection-options.ts';
const PIPELINE = 'libs/platform/src/database/pipelined-database.ts';
const APP = 'apps/api/src/create-app.ts';
const MAILS = 'libs/auth/src/domain/account-mail.ts';
const BACKOFF = 'libs/auth/src/domain/login-backoff.ts';
const RETRIES = 'libs/deliveries/src/domain/retry-schedule.ts';
const SENDER = 'libs/webhooks/src/webhook-sender.ts';
const CACHE_TTL = constant('libs/platform/src/cache/page-store.ts', 'STALENESS_MS');
const IDEMPOTENCY = constant('libs/platform/src/idempotency/idempotency.ts', 'IDEMPOTENCY_HOURS') * HOUR;
const PASSWORDS = 'libs/auth/src/passwords.ts';
const ATTEMPTS = 1 + (/RETRY_DELAYS_MS = \[([\s\S]*?)\]/.exec(read(RETRIES))![1]!.match(/\* /g) ?? []).length;
const REDIS = 'libs/platform/src/redis/shared-redis.ts';
const MAILER = 'libs/platform/src/mail/mailer.ts';
const MIGRATE = 'migrations/migrate.ts';
const ROLLUP = constant('libs/metering/src/domain/series.ts', 'ROLLUP_BUCKET_MINUTES') * MINUTE;
const FEED = constant('libs/events/src/feed.ts', 'FEED_DAYS') * DAY;
const REMINDERS = 'libs/subscriptions/src/domain/time.ts';
const USAGE = 'libs/metering/src/counting/usage-ingestion.ts';

const OIDC = 'libs/auth/src/oidc/oidc-provider.ts';
const BILLING = 'docs/billing.md';
const PAYMENT_EVENTS = 'libs/billing/src/payment-events.service.ts';
const RECONCILIATION = 'libs/billing/src/reconciliation.service.ts';
const STRIPE = 'libs/stripe/src/stripe-client.ts';
const SETUPS = 'libs/billing/src/domain/setup-check.ts';

/** Page, sentence with the number in braces, and its value in the code: milliseconds, bytes or a count. */
const BOUNDS: [string, string, number][] = [
  [ACCESS, '`provider_unavailable` within {eight seconds}', constant(OIDC, 'STEP_MS')],
  [
    ACCESS,
    '`login_expired`: more than {ten minutes} passed',
    constant('libs/auth/src/oidc/oidc-logins.ts', 'OIDC_LOGIN_SECONDS') * SECOND,
  ],
  [OPERATE, '{4 s} for an answer', constant(OIDC, 'ANSWER_SECONDS') * SECOND],
  [OPERATE, '{8 s} for a step of a login', constant(OIDC, 'STEP_MS')],
  [
    BILLING,
    'ends within {30 days} are announced',
    constant('libs/billing/src/payment-method-records.ts', 'EXPIRY_NOTICE_DAYS') * DAY,
  ],
  [
    BILLING,
    'may differ by {300 s}',
    constant('libs/billing/src/webhook-signature.ts', 'SIGNATURE_TOLERANCE_S') * SECOND,
  ],
  [BILLING, 'tried again every {15 minutes}', constant('libs/billing/src/billing-run.service.ts', 'RETRY_MS')],
  [OPERATE, 'tried again every {15 minutes}', constant('libs/billing/src/billing-run.service.ts', 'RETRY_MS')],
  [BILLING, 'after {12 attempts}', constant(PAYMENT_EVENTS, 'MAX_ATTEMPTS')],
  [BILLING, 'events are deleted after {30 days}', constant(PAYMENT_EVENTS, 'KEPT_MS')],
  [BILLING, 'at most {35 s}, behind', PROVIDER_TIMEOUT_MS],
  [BILLING, 'its lease of {120 s}', CHECK_LEASE_MS],
  [BILLING, 'looks {30 s} after the start', constant(SETUPS, 'MIN_DELAY_MS')],
  [BILLING, 'up after {25 hours}', constant(SETUPS, 'SETUP_HOURS') * HOUR],
  [
    BILLING,
    'again every {15 minutes}',
    constant('libs/billing/src/account-deletions.service.ts', /RETRY_MS = (\d+)/) * MINUTE,
  ],
  [BILLING, 'service waits {35 s} for a call', PROVIDER_TIMEOUT_MS],
  [
    BILLING,
    'after {23 hours} it is canceled',
    constant('libs/billing/src/collection.service.ts', 'CONFIRMATION_HOURS') * HOUR,
  ],
  [BILLING, 'under way for {15 minutes}', constant(RECONCILIATION, 'PENDING_MINUTES') * MINUTE],
  [BILLING, 'payments of the last {3 days}', constant(RECONCILIATION, 'RECONCILED_DAYS') * DAY],
  [
    BILLING,
    'with their provider, every {5 minutes}',
    constant('apps/worker/src/collection.job.ts', /'20 \*\/(\d+) \* \* \* \*'/) * MINUTE,
  ],
  [BILLING, 'A request has {10 s}', constant(STRIPE, /const TIMEOUT_MS = ([\d_]+)/)],
  [BILLING, 'a charge {30 s}, and', ADAPTER_TIMEOUT_MS],
  [BILLING, 'call together {30 s}', ADAPTER_TIMEOUT_MS],
  [ACCESS, '600: {six times}', constant('apps/api/src/http/throttling/throttling.guard.ts', 'CONSOLE_FACTOR')],
  [ACCESS, 'token of a mail (valid for {24 hours})', constant(MAILS, /verify_email: \{.*hours: (\d+)/) * HOUR],
  [ACCESS, '{15} to 128 characters', Number(defaultOf('PASSWORD_MIN_LENGTH', true))],
  [ACCESS, '15 to {128 characters}', constant(PASSWORDS, 'MAX_PASSWORD')],
  [ACCESS, 'more than a {hundred} waiting requests', constant(PASSWORDS, 'MAX_QUEUED')],
  [ACCESS, 'goes down to {8}', constant(PASSWORDS, 'MIN_PASSWORD')],
  [ACCESS, 'argon2id, {19 MiB}', constant(PASSWORDS, /memoryCost: ([\d_* ]+)/) * 1_024],
  [ACCESS, '{Ten} wrong passwords', constant(BACKOFF, /SOURCE_BACKOFF.*free: (\d+)/)],
  [ACCESS, 'After a {hundred failures}', constant(BACKOFF, /ACCOUNT_BACKOFF.*free: (\d+)/)],
  [ACCESS, 'share one delay, up to {an hour}', constant(BACKOFF, /ACCOUNT_BACKOFF.*longestMs: ([\d_* ]+)/)],
  [ACCESS, 'logged in within {90 days}', constant(BACKOFF, 'FAMILIAR_MS')],
  [
    ACCESS,
    'at most {100 entries} per type and minute',
    constant('libs/events/src/domain/security-counts.ts', 'MAX_ROWS_PER_MINUTE'),
  ],
  [
    ACCESS,
    '| access token | {10 minutes}',
    constant('libs/auth/src/domain/access-claims.ts', 'ACCESS_TOKEN_SECONDS') * SECOND,
  ],
  [ACCESS, '| refresh token | {30 days}', constant('libs/auth/src/sessions.service.ts', 'REFRESH_DAYS') * DAY],
  [ACCESS, 'Within {five seconds} of rotation', constant('libs/auth/src/sessions.service.ts', 'GRACE_MS')],
  [
    ACCESS,
    'a `challenge` for {five minutes}',
    constant('libs/auth/src/login-challenges.ts', 'LIFETIME_SECONDS') * SECOND,
  ],
  [ACCESS, 'After {five} wrong codes', constant('libs/auth/src/second-factor-codes.ts', /CODE_BACKOFF.*free: (\d+)/)],
  [ACCESS, 'returns {ten} recovery codes', constant('libs/auth/src/second-factor-codes.ts', 'RECOVERY_CODES')],
  [ACCESS, 'at most every {0.8 seconds}', constant('libs/auth/src/sessions.service.ts', 'REVOCATION_BOUND_MS')],
  [ACCESS, 'published {five minutes} before', constant('libs/auth/src/signing-keys.ts', 'PUBLISHED_AHEAD_MS')],
  [ACCESS, 'headers within {10 s}', constant(APP, /headersTimeout: ([\d_]+)/)],
  [ACCESS, 'the whole request within {15 s}', constant(APP, /requestTimeout: ([\d_]+)/)],
  [ACCESS, 'in either direction) for {two minutes}', constant(APP, /connectionTimeout: ([\d_]+)/)],
  [ACCESS, '{64 headers}', constant('apps/api/src/http/input/input-check.ts', 'MAX_HEADERS')],
  [ACCESS, 'bodies of {1 MiB}', constant(APP, 'BODY_LIMIT_BYTES')],
  [API, 'at most {1 MiB}', constant(APP, 'BODY_LIMIT_BYTES')],
  [API, 'and {20 levels} deep', constant('apps/api/src/http/input/input-check.ts', 'MAX_DEPTH')],
  [API, 'denials included, for {24 hours}', IDEMPOTENCY],
  [API, 'add-ons) may be {two seconds} old', CACHE_TTL],
  ['docs/backup.md', 'up to {92 days} back', constant(USAGE, 'MAX_EVENT_AGE_MS')],
  ['docs/backup.md', 'first answer, for {24 hours}', IDEMPOTENCY],
  ['docs/billing.md', 'sees it within {two seconds}', CACHE_TTL],
  [BILLING, 'checked again for {130 days}', constant('libs/billing/src/usage-charges.service.ts', 'MEMORY_MS')],
  [
    BILLING,
    'is overdue: {45 days}',
    constant('libs/billing/src/usage-charge-checks.repository.ts', 'OVERDUE_DAYS') * DAY,
  ],
  [BILLING, 'accepted {92 days} back', constant(USAGE, 'MAX_EVENT_AGE_MS')],
  [
    BILLING,
    'given up after {23 hours}, for a change',
    constant('libs/billing/src/domain/checkout.ts', 'CHECKOUT_HOURS') * HOUR,
  ],
  ['docs/concepts.md', 'smallest span of a rollup: {15 minutes}', ROLLUP],
  ['docs/integrate.md', 'Keys are kept for {24 hours}', IDEMPOTENCY],
  [LIFECYCLE, 'come {seven days} before', constant(REMINDERS, /leadMs: (\d+ \* DAY_MS)/)],
  [METERING, '(up to {92 days} ago', constant(USAGE, 'MAX_EVENT_AGE_MS')],
  [METERING, '{5 minutes} ahead)', constant(USAGE, 'MAX_CLOCK_SKEW_MS')],
  [
    METERING,
    'more than {20,000} ledger entries',
    constant('libs/metering/src/series/usage-series.service.ts', 'LONG_LEDGER_ENTRIES'),
  ],
  [METERING, 'ledger in {15-minute} buckets', ROLLUP],
  [METERING, 'may be **{two seconds}** old', CACHE_TTL],
  [METERING, '{two seconds} for the database', constant(PIPELINE, /query_timeout: ([\d_]+)/)],
  [METERING, '{half a second} for the lock', constant(PIPELINE, /lock_timeout: ([\d_]+)/)],
  [OPERATE, 'expire by their TTL of {two seconds}', CACHE_TTL],
  [OPERATE, 'does not answer within {200 ms}', constant(REDIS, 'COMMAND_TIMEOUT_MS')],
  [
    OPERATE,
    '| a connection to the database | {1 s} for usage',
    constant(PIPELINE, /connectionTimeoutMillis: ([\d_]+)/),
  ],
  [OPERATE, '1 s for usage, {2 s} for commands', constant(LIMITS, /connectionTimeoutMillis: ([\d_]+)/)],
  [OPERATE, '| a query | {2 s} for usage', constant(PIPELINE, /query_timeout: ([\d_]+)/)],
  [OPERATE, '2 s for usage, {5 s} for commands', constant(LIMITS, /query_timeout: ([\d_]+)/)],
  [OPERATE, '| a lock | {0.5 s} for usage', constant(PIPELINE, /lock_timeout: ([\d_]+)/)],
  [OPERATE, '0.5 s for usage, {3 s} for commands', constant(LIMITS, /lock_timeout: ([\d_]+)/)],
  [OPERATE, '| {10 s} for its headers', constant(APP, /headersTimeout: ([\d_]+)/)],
  [OPERATE, 'for its headers, {15 s} for all of it', constant(APP, /requestTimeout: ([\d_]+)/)],
  [OPERATE, '| Redis | {0.2 s}', constant(REDIS, 'COMMAND_TIMEOUT_MS')],
  [OPERATE, '| a mail server | {5 s} to connect', constant(MAILER, /connectionTimeout: ([\d_]+)/)],
  [OPERATE, '{10 s} of silence', constant(MAILER, /socketTimeout: ([\d_]+)/)],
  [OPERATE, 'after {five failures} the circuit', constant(MAILER, /failures: (\d+)/)],
  [OPERATE, 'breaker opens for {10 s}', constant(MAILER, /openMs: ([\d_]+)/)],
  [OPERATE, '| a webhook | {15 s};', constant(SENDER, 'ATTEMPT_TIMEOUT_MS')],
  [OPERATE, 'retried, {ten times}', ATTEMPTS],
  [OPERATE, 'process ends, within {25 s}', constant('libs/platform/src/process/shutdown.ts', 'STOP_TIMEOUT_MS')],
  [
    OPERATE,
    'once in {ten minutes} per statement',
    constant('libs/platform/src/observation/query-watch.ts', 'EXPLAIN_STATEMENT_INTERVAL_MS'),
  ],
  [OPERATE, 'in batches of {1,000}', constant('libs/platform/src/database/database.ts', 'DELETE_BATCH')],
  [OPERATE, 'at most {101 rows}', constant('libs/events/src/domain/security-counts.ts', 'MAX_ROWS_PER_MINUTE') + 1],
  ['docs/portal.md', 'valid once, for {15 minutes}', constant('libs/auth/src/portal-sessions.service.ts', 'LINK_MS')],
  ['docs/promises.md', 'first answer, for {24 hours}', IDEMPOTENCY],
  ['docs/promises.md', '{ten attempts} in 75 hours', ATTEMPTS],
  ['docs/promises.md', 'values up to {two seconds} old', CACHE_TTL],
  [
    'docs/quickstart.md',
    'valid for {ten minutes}',
    constant('libs/auth/src/domain/access-claims.ts', 'ACCESS_TOKEN_SECONDS') * SECOND,
  ],
  ['docs/upgrade.md', 'waits up to {0.2 seconds}', constant(MIGRATE, 'LOCK_TIMEOUT_MS')],
  ['docs/upgrade.md', 'later, {30 times}', constant(MIGRATE, 'TRIES')],
  [WEBHOOKS, '- {Ten attempts} in 75 hours', ATTEMPTS],
  [WEBHOOKS, 'a timeout of {15 seconds}', constant(SENDER, 'ATTEMPT_TIMEOUT_MS')],
  [WEBHOOKS, 'concurrency: {32 requests}', constant('libs/deliveries/src/dispatcher.ts', 'MAX_PER_DESTINATION')],
  [WEBHOOKS, 'bodies are kept for {30 days}', FEED],
  [WEBHOOKS, 'nothing of the last {30 days}', FEED],
  [
    WEBHOOKS,
    'heartbeat comes every {15 seconds}',
    constant('apps/api/src/events/stream-events.operation.ts', 'HEARTBEAT_MS'),
  ],
  [
    WEBHOOKS,
    'may open {20} concurrent streams',
    constant('apps/api/src/events/stream-events.operation.ts', 'MAX_CONCURRENT'),
  ],
  [WEBHOOKS, 'kept for {90 days}', constant('libs/notifications/src/notifications.service.ts', 'KEPT_MS')],
  ['README.md', 'responses of the catalogue in Redis, for {two seconds}', CACHE_TTL],
];

/** Numbers that are no bound, or that no single constant holds: each with its text, and braces around the number. */
const OTHER: [string, string][] = [
  [BILLING, 'and with {0 days}'],
  [BILLING, 'keys for {24 hours}'],
  ['README.md', 'main job in {five minutes}'],
  ['README.md', 'under {ten minutes} of load'],
  [ACCESS, 'direction) for two minutes; 64 headers, {16 kB}'],
  [LIFECYCLE, 'end within {seven days}'],
  [LIFECYCLE, 'ended within {thirty days}'],
  [LIFECYCLE, 'a year ({12 months}'],
  [LIFECYCLE, '52 weeks, {365 days})'],
  ['docs/billing.md', 'and with {0 days}'],
  ['docs/integrate.md', '{Two requests} with a limit'],
  ['docs/quickstart.md', 'allows {three exports}'],
  [METERING, 'So {six hours} begin'],
  [METERING, 'and {three months} are a quarter'],
  [METERING, 'at 80 and {100 percent}'],
  [METERING, 'updates this rollup {four times}'],
  [METERING, 'one to {two minutes} ago'],
  [OPERATE, 'More than {1 %}'],
  [OPERATE, 'above {250 ms}'],
  [OPERATE, 'in {75 hours}'],
  [OPERATE, 'retried for {three days}'],
  [OPERATE, 'requests wait {200 ms}'],
  ['docs/promises.md', 'attempts in {75 hours}'],
  ['docs/promises.md', '"Within {5 s}"'],
  ['docs/promises.md', 'within {5 s}'],
  ['docs/promises.md', 'the test allows {5 s}'],
  [WEBHOOKS, 'attempts in {75 hours}'],
  [WEBHOOKS, '(after {5 s}'],
  [WEBHOOKS, '5 s, {5 min}'],
  [WEBHOOKS, '5 min, {30 min}'],
  [WEBHOOKS, 'so do {three days}'],
  [WEBHOOKS, 'of 80 and {100 percent}'],
];

/** Positions in a page of the numbers in braces. */
function positionsOf(page: string, sentence: string): number[] {
  const text = sentence.replace(/[{}]/g, '');
  const prose = proseOf(page);
  const found: number[] = [];
  for (let at = prose.indexOf(text); at >= 0; at = prose.indexOf(text, at + 1)) found.push(at + sentence.indexOf('{'));
  return found;
}
const numberIn = (sentence: string): string => /\{(.*)\}/.exec(sentence)![1]!;

describe('numbers in the documents', () => {
  it.each(BOUNDS)('%s says "%s", as the code does', (page, sentence, value) => {
    expect(positionsOf(page, sentence).length).toBeGreaterThan(0);
    expect(valueOf(numberIn(sentence))).toBe(value);
  });

  it('are all compared with the code: a new one is added to BOUNDS, or to OTHER if it is no bound', () => {
    const missing = pages()
      .filter((page) => !WITHOUT_BOUNDS.includes(page))
      .flatMap((page) => {
        const listed = [...BOUNDS, ...OTHER]
          .filter(([of]) => of === page)
          .flatMap(([, sentence]) => positionsOf(page, sentence));
        const prose = proseOf(page);
        return quantitiesIn(prose)
          .filter(({ index }) => !listed.includes(index) && !SETTING_BEFORE.test(prose.slice(0, index)))
          .map(({ text, index }) => `${page}: ${text} in "${prose.slice(Math.max(0, index - 40), index + 40)}"`);
      });
    expect(missing).toEqual([]);
  });

  it('are still in the documents: an entry of OTHER without its text is removed', () => {
    expect(OTHER.filter(([page, sentence]) => positionsOf(page, sentence).length === 0)).toEqual([]);
  });

  it('that follow a setting are its default', () => {
    const claims = pages().flatMap((page) =>
      [...read(page).matchAll(SETTING_WITH_DEFAULT)].map(([, setting, , number, suffix = '', condition]) => {
        const claimed = valueOf(`${number} ${suffix}`.trim());
        return [page, setting!, claimed, defaultOf(setting!, condition !== undefined)] as const;
      }),
    );
    expect(claims.length).toBeGreaterThan(8);
    expect(claims.filter(([, , claimed, actual]) => claimed !== actual)).toEqual([]);
  });

  it('of Node are those of package.json, of the Dockerfile, and of .ci/run', () => {
    const [, minimum] = /"node": ">=([\d.]+)"/.exec(read('package.json'))!;
    const recommended = [...read('Dockerfile').matchAll(/^FROM node:(\d+)/gm)].map(([, major]) => major);
    expect(read('README.md')).toContain(
      `They need Node ${minimum} or newer and nothing else. Node ${recommended[0]} is`,
    );
    expect(read('docs/quickstart.md')).toContain(`You need Node ${recommended[0]} (${minimum} and 22 work too)`);
    expect(new Set(recommended).size).toBe(1);
    expect(read('clients/typescript/package.json')).toContain(`"node": ">=${minimum}"`);
    expect(read('scripts/other-nodes.mjs')).toContain(`MAJORS = [${minimum!.split('.')[0]}, 22, ${recommended[0]}]`);
  });

  it('of .env.example are the defaults', () => {
    const lines = read('.env.example').split('\n');
    const claims = lines.flatMap((line, index) => {
      const setting = /^([A-Z_]+)=/.exec(line)?.[1];
      let first = index;
      while (first > 0 && /^# \D/.test(lines[first - 1]!)) first--;
      const [, number] = /Default: ([\d,]+)/.exec(lines.slice(first, index).join(' ')) ?? [];
      return setting && number ? [[setting, valueOf(number), defaultOf(setting, false)] as const] : [];
    });
    expect(claims.length).toBeGreaterThan(8);
    // DRAIN_MS has one default for production and one for everything else.
    expect(claims.filter(([setting, claimed, actual]) => claimed !== actual && setting !== 'DRAIN_MS')).toEqual([]);
  });
});
