import * as fs from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { SETTINGS } from './config.js';
import { misspeltVariables } from './misspelt-variables.js';

const meant = (name: string): string | undefined => misspeltVariables({ [name]: 'x' }, SETTINGS)[0]?.meant;

describe('variables that resemble a setting', () => {
  it.each([
    ['RATE_LIMIT_PER_MIN', 'RATE_LIMIT_PER_MINUTE'],
    ['RATE_LIMIT', 'RATE_LIMIT_PER_MINUTE'],
    ['DATABSE_URL', 'DATABASE_URL'],
    ['DATABASE_URI', 'DATABASE_URL'],
    ['DATABASE_CONN', 'DATABASE_CONNECTIONS'],
    ['REDIS_URI', 'REDIS_URL'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['TRUSTED_PROXY', 'TRUSTED_PROXIES'],
    ['MAX_INFLIGHT', 'MAX_IN_FLIGHT'],
    ['REQUEST_DEADLINE', 'REQUEST_DEADLINE_MS'],
    ['REQUEST_DEADLINE_SECONDS', 'REQUEST_DEADLINE_MS'],
    ['MIN_PASSWORD_LENGTH', 'PASSWORD_MIN_LENGTH'],
    ['ADMIN_PASSWROD', 'ADMIN_PASSWORD'],
    ['ADMIN_PASS', 'ADMIN_PASSWORD'],
    ['TOLLGATE_SECRET_KEY', 'SECRET_KEY'],
    ['TOLLGATE_RATE_LIMIT', 'RATE_LIMIT_PER_MINUTE'],
    ['database_url', 'DATABASE_URL'],
    ['PROT', 'PORT'],
    ['WORKERS', 'WORKER'],
  ])('%s is taken for %s', (name, setting) => expect(meant(name)).toBe(setting));

  it.each([
    ...['HOME', 'HOSTNAME', 'PATH', 'PWD', 'USER', 'TERM', 'SHLVL', 'LANG', 'LOGNAME', 'DATABASE', 'SECRET', 'ADMIN'],
    ...['NODE_OPTIONS', 'NODE_PATH', 'NODE_VERSION', 'NODE_EXTRA_CA_CERTS', 'npm_config_cache', 'npm_package_name'],
    ...['PGHOST', 'PGPORT', 'PGDATABASE', 'POSTGRES_PASSWORD', 'DATABASE_USER', 'DATABASE_HOST', 'DATABASE_NAME'],
    ...['REDIS_HOST', 'REDIS_PORT', 'SMTP_HOST', 'SMTP_PORT', 'MAIL_TO', 'METRICS_PORT', 'SECRET_ID', 'ACCESS_KEY'],
    ...['SAMPLE_RATE', 'ACCOUNT_ID', 'AWS_ACCOUNT_ID', 'LOG_FILE', 'DATA_PATH', 'DJANGO_SECRET_KEY'],
    ...['KUBERNETES_SERVICE_HOST', 'KUBERNETES_PORT', 'TOLLGATE_PORT', 'TOLLGATE_PORT_80_TCP', 'TOLLGATE_SERVICE_HOST'],
    ...['OTEL_SERVICE_NAME', 'OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_ENDPOINTS', 'TOLLGATE', 'TOLLGATE_TEAM'],
  ])('%s is taken for no setting', (name) => expect(meant(name)).toBeUndefined());

  it('include no setting, no empty variable, and nothing of the example file', () => {
    const set = Object.fromEntries(SETTINGS.map((name) => [name, 'x']));
    expect(misspeltVariables({ ...set, RATE_LIMIT_PER_MIN: '' }, SETTINGS)).toEqual([]);
    const example = fs.readFileSync('.env.example', 'utf8');
    const names = [...example.matchAll(/^#? ?([A-Z_]+)=/gm)].map(([, name]) => name!);
    expect([...names].sort()).toEqual([...SETTINGS].sort());
  });
});
