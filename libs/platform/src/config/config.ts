import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { dataDirFailure } from '../process/start-failure.js';
import { type MisspeltVariable, misspeltVariables } from './misspelt-variables.js';
import { OIDC_VARIABLES, wrongOidc } from './oidc-config.js';
import { type SignInConfig, signInConfig } from './sign-in-config.js';
import { type StripeConfig, stripeConfig, wrongStripe } from './stripe-config.js';
import { onOff, optional } from './variables.js';

/** Parts of values from documents and examples. Production refuses to start with them. */
const SAMPLE_MARKERS = ['change-me', 'changeme', 'change_me', 'sample', 'example', 'password', 'admin123'];
const SECRETS = [
  'SECRET_KEY',
  'ADMIN_PASSWORD',
  'METRICS_TOKEN',
  'STRIPE_SECRET_KEY',
  'STRIPE_WEBHOOK_SECRET',
  'OIDC_CLIENT_SECRET',
] as const;
const SECRET_LENGTH = 32;
/** Share of the rate limit for requests that carry a password or a secret. */
const AUTH_SHARE = 0.3;
/** NIST SP 800-63B-4, 3.1.1.2: minimum length of a password that is the only factor. */
export const RECOMMENDED_PASSWORD_LENGTH = 15;

/** Addresses and CIDR blocks, separated by commas. */
const addressBlocks = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean),
  )
  .refine(
    (blocks) => blocks.every((one) => ipaddr.isValid(one) || ipaddr.isValidCIDR(one)),
    'must be addresses or CIDR blocks, separated by commas',
  );

/** `https://a.example, https://b.example`, or the same as a JSON list. */
const origins = z
  .string()
  .transform((text) =>
    text
      .replace(/^\[|\]$/g, '')
      .split(',')
      .map((one) => one.trim().replace(/^"|"$/g, '').replace(/\/$/, ''))
      .filter(Boolean),
  )
  .refine(
    (list) => list.every((one) => URL.canParse(one) && new URL(one).origin === one),
    'must be origins like https://app.example.com, separated by commas',
  );

const schema = z.object({
  NODE_ENV: optional(z.enum(['development', 'test', 'production'])),
  PORT: optional(z.coerce.number().int().min(0).max(65535)),
  HOST: optional(z.string()),
  DATABASE_URL: optional(z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL')),
  DATA_DIR: optional(z.string()),
  REDIS_URL: optional(z.string().regex(/^rediss?:\/\//, 'must be a redis:// URL')),
  ADMIN_EMAIL: optional(z.string().regex(/^\S+@\S+$/, 'must be an e-mail address')),
  ADMIN_PASSWORD: optional(z.string().min(8, 'must have at least 8 characters')),
  SAMPLE_DATA: optional(z.enum(['on', 'catalogues', 'off'])),
  RATE_LIMIT_PER_MINUTE: optional(z.coerce.number().int().min(0)),
  WORKER: optional(onOff),
  PAGES: optional(onOff),
  LOG_LEVEL: optional(z.enum(['debug', 'info', 'warn', 'error'])),
  USAGE_LANES: optional(z.coerce.number().int().min(1).max(64)),
  SIGNING_KEY_DAYS: optional(z.coerce.number().int().min(1).max(365)),
  SECURITY_EVENT_DAYS: optional(z.coerce.number().int().min(1).max(3_650)),
  PASSWORD_MIN_LENGTH: optional(z.coerce.number().int().min(8).max(64)),
  PASSWORD_LOGIN: optional(onOff),
  REQUIRE_SECOND_FACTOR: optional(onOff),
  AUTH_RATE_LIMIT_PER_MINUTE: optional(z.coerce.number().int().min(0)),
  TRUSTED_PROXIES: optional(addressBlocks),
  WEBHOOK_ALLOWED_NETWORKS: optional(addressBlocks),
  SMTP_URL: optional(z.string().regex(/^smtps?:\/\//, 'must be an smtp:// or smtps:// URL')),
  MAIL_FROM: optional(z.string().regex(/^[^\r\n]+$/, 'must be one line')),
  ACCOUNT_URL: optional(z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })),
  PUBLIC_URL: optional(z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })),
  SANDBOX_PAYMENTS: optional(onOff),
  STRIPE_SECRET_KEY: optional(z.string().regex(/^[sr]k_(test|live)_\w+$/, 'must begin with sk_ or rk_')),
  STRIPE_WEBHOOK_SECRET: optional(z.string().regex(/^whsec_\S{8,}$/, 'must begin with whsec_')),
  STRIPE_API_URL: optional(z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })),
  ...OIDC_VARIABLES,
  SECRET_KEY: optional(z.string().min(SECRET_LENGTH, `must have at least ${SECRET_LENGTH} characters`)),
  DATABASE_POOLER: optional(z.enum(['none', 'transaction'])),
  DATABASE_DIRECT_URL: optional(z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL')),
  DATABASE_CONNECTIONS: optional(z.coerce.number().int().min(4).max(500)),
  CORS_ORIGINS: optional(origins),
  MAX_IN_FLIGHT: optional(z.coerce.number().int().min(1).max(100_000)),
  REQUEST_DEADLINE_MS: optional(z.coerce.number().int().min(100).max(600_000)),
  DRAIN_MS: optional(z.coerce.number().int().min(0).max(20_000)),
  METRICS_TOKEN: optional(z.string().min(16, 'must have at least 16 characters')),
  SLOW_REQUEST_MS: optional(z.coerce.number().int().min(1)),
  SLOW_QUERY_MS: optional(z.coerce.number().int().min(1)),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })),
});

/** The names of all settings. */
export const SETTINGS: readonly string[] = Object.keys(schema.shape);

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Configuration from the environment, read once at start. A class, so that Nest can inject it. */
export class Config {
  readonly production: boolean;
  readonly port: number;
  readonly host: string;
  /** Null: an embedded PostgreSQL under `dataDir`, until its start sets this. */
  databaseUrl: string | null;
  readonly embeddedDatabase: boolean;
  readonly dataDir: string;
  readonly redisUrl: string | null;
  readonly adminEmail: string;
  readonly adminPassword: string | null;
  readonly sampleData: boolean;
  /** True: a new embedded database also gets sample customers with a year of life. */
  readonly sampleYear: boolean;
  /** Requests per minute and user, or address without credentials; 0: no limit. */
  readonly rateLimitPerMinute: number;
  readonly worker: boolean;
  /** False: only the API is served, without the console and the portal. */
  readonly pages: boolean;
  readonly logLevel: LogLevel;
  /** Number of usage batchers, each with one transaction at a time. Environment: USAGE_LANES. */
  readonly usageShards: number;
  /** Days until the key that signs access tokens is rotated. */
  readonly signingKeyDays: number;
  /** Days for which security events of the audit log are kept. */
  readonly securityEventDays: number;
  /** Minimum number of characters of a password. */
  readonly passwordMinLength: number;
  /** Requests per minute and address to routes that accept passwords and secrets; 0: no limit. */
  readonly authRateLimitPerMinute: number;
  /** Proxies whose `X-Forwarded-For` is trusted. */
  readonly trustedProxies: string[];
  /** Networks, besides the public internet, that webhooks may be sent to; plain HTTP is allowed there. */
  readonly webhookAllowedNetworks: string[];
  /** Mail server. Null: mail is written to files under `dataDir`. */
  readonly smtpUrl: string | null;
  readonly mailFrom: string;
  /**
   * Base URL of links in mail: `/verify-email` and `/reset-password` are appended, with the token after a `#`.
   * Null: the mail contains the token only.
   */
  readonly accountUrl: string | null;
  /** Base URL of this service as browsers reach it; payment pages and return URLs are made of it. */
  readonly publicUrl: string;
  /** True: the sandbox provider is offered. Its charges move no money, so production must allow it explicitly. */
  readonly sandboxPayments: boolean;
  /** Where a payer returns to after a confirmation at the bank. */
  readonly paymentReturnUrl: string;
  /** Null: the provider `stripe` is not configured. */
  readonly stripe: StripeConfig | null;
  /** The secret from which every signing and encryption key is derived. */
  readonly secretKey: string;
  /** True when DATABASE_URL is a pooler in transaction mode: no state may stay in a connection after a transaction. */
  readonly pooled: boolean;
  /** Bypasses the pooler, for LISTEN. Null with a pooler: no LISTEN, and caches rely on their TTL alone. */
  readonly directDatabaseUrl: string | null;
  /** Database connections per process. */
  readonly databaseConnections: number;
  /** Origins that browsers may call from (CORS). */
  readonly corsOrigins: string[];
  readonly signIn: SignInConfig;
  /** Maximum number of concurrent requests per process; further ones are rejected. */
  readonly maxInFlight: number;
  /** Milliseconds after which a request without a response fails with `deadline_exceeded`. */
  readonly requestDeadlineMs: number;
  /** Milliseconds between reporting not ready and closing, at shutdown. */
  readonly drainMs: number;
  /** Bearer token of /metrics. Null: open outside production, closed in production. */
  readonly metricsToken: string | null;
  readonly slowRequestMs: number;
  readonly slowQueryMs: number;
  /** True when OTEL_EXPORTER_OTLP_ENDPOINT is set. */
  readonly tracing: boolean;
  /** Variables that are ignored and resemble a setting: a warning names them at the start. */
  readonly misspelt: MisspeltVariable[];

  /** @throws Error naming each wrong or missing variable, never its value */
  constructor(environment: NodeJS.ProcessEnv) {
    this.misspelt = misspeltVariables(environment, SETTINGS);
    const env = this.validated(environment);
    this.production = env.NODE_ENV === 'production';
    this.port = env.PORT ?? 3000;
    this.host = env.HOST ?? (this.production ? '0.0.0.0' : '127.0.0.1');
    this.databaseUrl = env.DATABASE_URL ?? null;
    this.embeddedDatabase = env.DATABASE_URL === undefined;
    this.dataDir = path.resolve(env.DATA_DIR ?? '.data');
    this.redisUrl = env.REDIS_URL ?? null;
    this.adminEmail = env.ADMIN_EMAIL ?? 'admin@localhost';
    this.adminPassword = env.ADMIN_PASSWORD ?? null;
    const samples = env.SAMPLE_DATA ?? (this.embeddedDatabase ? 'on' : 'off');
    this.sampleData = samples !== 'off';
    this.sampleYear = samples === 'on' && this.embeddedDatabase && !this.production;
    this.rateLimitPerMinute = env.RATE_LIMIT_PER_MINUTE ?? 100;
    this.worker = env.WORKER !== 'off';
    this.pages = env.PAGES !== 'off';
    this.logLevel = env.LOG_LEVEL ?? 'info';
    this.usageShards = env.USAGE_LANES ?? 1;
    this.signingKeyDays = env.SIGNING_KEY_DAYS ?? 30;
    this.securityEventDays = env.SECURITY_EVENT_DAYS ?? 90;
    this.passwordMinLength = env.PASSWORD_MIN_LENGTH ?? RECOMMENDED_PASSWORD_LENGTH;
    this.authRateLimitPerMinute = env.AUTH_RATE_LIMIT_PER_MINUTE ?? Math.ceil(this.rateLimitPerMinute * AUTH_SHARE);
    this.trustedProxies = env.TRUSTED_PROXIES ?? [];
    this.webhookAllowedNetworks = env.WEBHOOK_ALLOWED_NETWORKS ?? [];
    this.smtpUrl = env.SMTP_URL ?? null;
    this.mailFrom = env.MAIL_FROM ?? 'Tollgate <tollgate@localhost>';
    this.accountUrl = env.ACCOUNT_URL?.replace(/\/$/, '') ?? null;
    this.publicUrl = env.PUBLIC_URL?.replace(/\/$/, '') ?? `http://localhost:${this.port}`;
    this.sandboxPayments = env.SANDBOX_PAYMENTS === undefined ? !this.production : env.SANDBOX_PAYMENTS === 'on';
    this.paymentReturnUrl = this.accountUrl ?? this.publicUrl;
    this.stripe = stripeConfig(env);
    this.secretKey = env.SECRET_KEY ?? storedSecret(this.dataDir);
    this.pooled = env.DATABASE_POOLER === 'transaction';
    this.directDatabaseUrl = env.DATABASE_DIRECT_URL ?? null;
    this.databaseConnections = env.DATABASE_CONNECTIONS ?? 32;
    this.corsOrigins = env.CORS_ORIGINS ?? [];
    this.signIn = signInConfig(this, env);
    this.maxInFlight = env.MAX_IN_FLIGHT ?? 500;
    this.requestDeadlineMs = env.REQUEST_DEADLINE_MS ?? 2_500;
    this.drainMs = env.DRAIN_MS ?? (this.production ? 5_000 : 0);
    this.metricsToken = env.METRICS_TOKEN ?? null;
    this.slowRequestMs = env.SLOW_REQUEST_MS ?? 1_000;
    this.slowQueryMs = env.SLOW_QUERY_MS ?? 250;
    this.tracing = env.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined;
  }

  /** The valid settings. The error names misspelt variables too: a required setting may be one of them. */
  private validated(environment: NodeJS.ProcessEnv): z.infer<typeof schema> {
    const parsed = schema.safeParse(environment);
    const wrong = parsed.success
      ? [...wrongStripe(parsed.data), ...wrongOidc(parsed.data), ...wrongInProduction(parsed.data)]
      : parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
    if (wrong.length > 0) throw new Error([...wrong, ...this.misspelt.map(misspeltText)].join('\n'));
    return parsed.data!;
  }

  /** Reads the environment of this process, and `.env` in the working folder for variables that it does not set. */
  static fromEnvironment(): Config {
    if (fs.existsSync('.env')) process.loadEnvFile('.env');
    return new Config(process.env);
  }

  /** URL for LISTEN; null when DATABASE_URL is a pooler and DATABASE_DIRECT_URL is not set. */
  get listenUrl(): string | null {
    return this.pooled ? this.directDatabaseUrl : this.requireDatabaseUrl();
  }

  /** Returns the database URL. @throws Error before the embedded database has started */
  requireDatabaseUrl(): string {
    if (!this.databaseUrl) throw new Error('The database has not been started yet.');
    return this.databaseUrl;
  }
}

/** A line about a variable that is ignored. */
export const misspeltText = ({ name, meant }: MisspeltVariable): string =>
  `${name} is no setting and is ignored. Did you mean ${meant}?`;

function wrongInProduction(env: z.infer<typeof schema>): string[] {
  if (env.NODE_ENV !== 'production') return [];
  const wrong: string[] = [];
  if (!env.DATABASE_URL) wrong.push('DATABASE_URL is required in production');
  if (!env.SECRET_KEY) wrong.push('SECRET_KEY is required in production');
  for (const name of SECRETS) {
    const value = env[name]?.toLowerCase();
    if (value && SAMPLE_MARKERS.some((marker) => value.includes(marker))) wrong.push(`${name} holds a sample value`);
  }
  if (env.SECRET_KEY && new Set(env.SECRET_KEY).size < 8) wrong.push('SECRET_KEY is too uniform to be a secret');
  return wrong.length > 0 ? ['Production refuses to start with this configuration:', ...wrong] : [];
}

/** Outside production, generates a secret once and stores it in the data folder, readable by its owner only. */
function storedSecret(dataDir: string): string {
  const file = path.join(dataDir, 'secret-key');
  try {
    fs.mkdirSync(dataDir, { recursive: true });
    if (!fs.existsSync(file)) writeOnce(file, randomBytes(SECRET_LENGTH).toString('base64url'));
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw dataDirFailure(error, dataDir);
  }
}

/** Another process may write the same file concurrently: the first one wins. */
function writeOnce(file: string, text: string): void {
  try {
    fs.writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
