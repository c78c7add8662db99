import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';

const require = createRequire(import.meta.url);
/** Loaded as CommonJS, which takes a second less. */
const ts = require('typescript');
const BELOW = require('./import-order.cjs');

/** Every table, listed by the lib that owns it. */
const OWNED = {
  platform: ['idempotency_keys', 'job_problems'],
  events: ['events', 'events_other', 'event_sequences', 'event_outbox', 'event_feed', 'security_events'],
  users: ['users'],
  customers: ['customers', 'test_clocks'],
  catalog: [
    'products',
    'features',
    'plans',
    'plan_versions',
    'plan_prices',
    'plan_entitlements',
    'plan_assignments',
    'add_ons',
    'coupons',
    'tax_rates',
  ],
  subscriptions: [
    'subscriptions',
    'subscription_actions',
    'subscription_lines',
    'subscription_numbers',
    'subscription_counts',
    'plan_moves',
  ],
  entitlements: ['entitlement_versions', 'entitlement_overrides', 'grants'],
  metering: [
    'usage_counters',
    'usage_ledger',
    'usage_reservations',
    'grant_balances',
    'usage_by_hour',
    'usage_sums',
    'long_ledgers',
    'long_ledger_sums',
    'usage_names',
    'usage_entity_counters',
    'denial_counts',
  ],
  deliveries: ['deliveries', 'delivery_lanes'],
  billing: [
    'billing_profiles',
    'payment_accounts',
    'payment_methods',
    'payment_setups',
    'billed_subscriptions',
    'pending_invoice_lines',
    'coupon_redemptions',
    'document_numbers',
    'invoices',
    'credit_notes',
    'invoice_documents',
    'usage_charges',
    'usage_periods',
    'payments',
    'refunds',
    'credit_balances',
    'credit_balance_entries',
    'payment_events',
    'sandbox_methods',
    'sandbox_charges',
    'sandbox_refunds',
    'revenue_movements',
    'checkouts',
    'revenue_backfills',
  ],
  webhooks: ['webhook_endpoints'],
  notifications: ['notifications'],
  auth: [
    'sessions',
    'refresh_tokens',
    'action_tokens',
    'signing_keys',
    'api_keys',
    'login_attempts',
    'account_mails',
    'portal_sessions',
    'second_factors',
    'recovery_codes',
    'oidc_identities',
    'oidc_used_states',
  ],
};

/** SQL that names a table of another lib all the same: file, table and reason. An entry that is not needed fails. */
const EXCEPTIONS = [];

const OWNER = new Map(Object.entries(OWNED).flatMap(([lib, tables]) => tables.map((table) => [table, lib])));
const KEYWORD = /\b(?:from|join|into|update|only|table)\s+/gi;
/** A common table expression: its name is no table inside the same statement. */
const EXPRESSION = /\b([a-z_]\w*)\s*(?:\([^()]*\))?\s+as\s+(?:(?:not\s+)?materialized\s+)?\(/gi;
const STATEMENT = /^\s*(?:select\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\()/;

const isLiteral = (node) =>
  ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node);
const textOf = (node) =>
  ts.isTemplateExpression(node)
    ? node.head.text + node.templateSpans.map(({ literal }) => ` __ ${literal.text}`).join('')
    : node.text;

/** Tables that a piece of SQL names, with their position: after a keyword, and in a list after `from`. */
function* tablesIn(sql) {
  const expressions = new Set([...sql.matchAll(EXPRESSION)].map(([, name]) => name));
  for (const { 0: keyword, index } of sql.matchAll(KEYWORD)) {
    const start = index + keyword.length;
    for (const { name, at } of namesFrom(sql, start, /^from/i.test(keyword)))
      if (OWNER.has(name) && !expressions.has(name)) yield { table: name, at };
  }
}

/** The first word at a position; with `list` also those after the commas outside brackets, up to the next clause. */
function* namesFrom(sql, start, list) {
  let depth = 0;
  let expected = true;
  const tokens = /[(),;]|[a-z_]\w*/gi;
  tokens.lastIndex = start;
  for (let token = tokens.exec(sql); token; token = tokens.exec(sql)) {
    const [word] = token;
    if (word === '(') depth++;
    else if (word === ')') depth--;
    if (depth < 0 || word === ';') return;
    if (
      depth === 0 &&
      /^(?:where|join|left|inner|cross|group|order|limit|union|on|set|select|returning|values|for)$/i.test(word)
    )
      return;
    if (depth === 0 && word === ',') expected = true;
    else if (expected && word !== ')') {
      if (depth === 0 && !/^(?:only|if|not|exists|lateral)$/i.test(word)) {
        yield { name: word.toLowerCase(), at: token.index };
        expected = false;
        if (!list) return;
      } else if (word === '(') expected = false;
    }
  }
}

/** Tables that a literal names: as SQL, as the table of an entity, or as the first argument of deleteBatch. */
function tablesOf(node) {
  const { parent } = node;
  const called = ts.isCallExpression(parent) && parent.arguments[0] === node ? parent.expression.getText() : '';
  if (/(?:^Entity|\.deleteBatch)$/.test(called)) return [{ table: textOf(node), at: 0 }];
  return [...tablesIn(textOf(node))];
}

function* literalsIn(file) {
  const source = ts.createSourceFile(file, fs.readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const nodes = [source];
  for (let node = nodes.pop(); node; node = nodes.pop()) {
    if (isLiteral(node) && !ts.isImportDeclaration(node.parent)) yield { node, source };
    ts.forEachChild(node, (child) => void nodes.push(child));
  }
}

function* sourcesBelow(folder) {
  if (!fs.existsSync(folder)) return;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'node_modules' && entry.name !== 'dist') yield* sourcesBelow(file);
    if (entry.isFile() && /(?<!\.spec)\.ts$/.test(entry.name)) yield file;
  }
}

/** Breaches of libs: SQL names tables of the lib itself and of libs below it. */
function* breachesOfLib(file, exceptions) {
  const lib = file.split('/')[1];
  const allowed = new Set([lib, ...(BELOW[lib] ?? [])]);
  for (const { node, source } of literalsIn(file)) {
    for (const { table } of tablesOf(node)) {
      const owner = OWNER.get(table);
      if (owner !== undefined && allowed.has(owner)) continue;
      const exception = EXCEPTIONS.find((entry) => entry.file === file && entry.table === table);
      if (exception) exceptions.add(exception);
      else
        yield `${at(node, source, file)}: names the table ${table} of ${owner ? `libs/${owner}` : 'no lib'}. A lib reads its own tables and those of libs below it: call a service of the owner, or let the lib above register a lookup.`;
    }
  }
}

/** Breaches of apps: they contain no SQL. */
function* breachesOfApp(file) {
  for (const { node, source } of literalsIn(file)) {
    const text = textOf(node);
    if (STATEMENT.test(text) && (tablesOf(node).length > 0 || text.includes('$1')))
      yield `${at(node, source, file)}: apps contain no SQL: call a service.`;
  }
}

const at = (node, source, file) => `${file}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`;

/** Breaches of the list above: it names each table that the migrations leave behind, and no other. */
function* breachesOfList() {
  const created = new Set();
  for (const file of [...sourcesBelow('migrations')].sort()) {
    for (const { node } of literalsIn(file)) {
      const sql = textOf(node);
      for (const [, name] of sql.matchAll(/\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?([a-z_]\w*)/gi))
        created.add(name);
    }
  }
  created.delete('__');
  for (const table of created)
    if (!OWNER.has(table)) yield `migrations create the table ${table}: name its lib in scripts/lint-tables.mjs.`;
  for (const table of OWNER.keys())
    if (created.size > 0 && !created.has(table))
      yield `scripts/lint-tables.mjs names ${table}, which no migration creates.`;
}

/** `npm run lint:tables`: checks that SQL follows the import order of scripts/import-order.cjs. */
const used = new Set();
const libs = [...sourcesBelow('libs')];
const breaches = [
  ...breachesOfList(),
  ...libs.flatMap((file) => [...breachesOfLib(file, used)]),
  ...[...sourcesBelow('apps')].flatMap((file) => [...breachesOfApp(file)]),
  ...EXCEPTIONS.filter((entry) => libs.includes(entry.file) && !used.has(entry)).map(
    ({ file, table }) => `scripts/lint-tables.mjs excepts ${table} in ${file}, which does not name it.`,
  ),
];
for (const breach of breaches) console.log(breach);
console.log(breaches.length === 0 ? `Tables of ${OWNER.size} names: no breaches.` : `${breaches.length} breaches.`);
process.exitCode = breaches.length === 0 ? 0 : 1;
