import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Config, ServiceLogger } from '@app/platform';
import { ADMIN, type Call, createCall } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { uniqueName } from '../support/fixtures.js';
import { type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';
import { eventually } from '../support/eventually.js';

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[];
}

/** An OpenTelemetry collector that stores spans (OTLP over HTTP, JSON). */
class Collector {
  readonly spans: OtlpSpan[] = [];
  private readonly server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (data) => (body += String(data)));
    request.on('end', () => {
      const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[] };
      this.spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

describe('logs and traces', () => {
  const collector = new Collector();
  let database: TestDatabase;
  let service: ServiceProcess;
  let call: Call;
  let token: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    const environment = {
      DATABASE_URL: database.url,
      ADMIN_PASSWORD: ADMIN.password,
      SAMPLE_DATA: 'on',
      WORKER: 'off',
      LOG_LEVEL: 'debug',
      SLOW_QUERY_MS: '1',
      OTEL_EXPORTER_OTLP_ENDPOINT: await collector.start(),
      OTEL_BSP_SCHEDULE_DELAY: '200',
    };
    service = await startProcess(temporaryFolder(), environment);
    call = createCall(service.url);
    token = (await call('POST', '/v1/auth/login', { body: ADMIN })).body.accessToken as string;
  }, 60_000);
  afterAll(async () => {
    await service.stop('SIGTERM');
    collector.stop();
    await database.drop();
  });

  it('a slow query is logged with its plan and without its values', async () => {
    const customer = uniqueName('secretive');
    await call('PUT', `/v1/customers/${customer}`, { token, body: { product: 'api', email: 'private@example.com' } });
    await database.query('select pg_sleep(0)');
    await eventually(async () => {
      await call('GET', '/v1/customers?limit=100', { token });
      return /A query was slow/.test(service.output()) && /(Scan|Insert|Update|Limit).*cost=/.test(service.output());
    });
    expect(service.output()).not.toContain(customer);
    expect(service.output()).not.toContain('private@example.com');
  });

  it('each request is logged at level debug with id and route and without secrets', async () => {
    const key = (await call('POST', '/v1/api-keys', { token, body: { name: 'logged', scopes: ['customers:read'] } }))
      .body.key as string;
    await call('GET', '/v1/customers/another-customer', {
      token: key,
      headers: { 'idempotency-key': 'idempotent-secret' },
    });
    const bad = await call('POST', '/v1/auth/login', {
      body: { email: ADMIN.email, password: 'a wrong password here' },
    });
    const requestId = bad.headers.get('x-request-id')!;
    await eventually(() => service.output().includes(requestId));
    expect(service.output()).toMatch(/\/v1\/customers\/:customer/);
    for (const secret of [
      ADMIN.password,
      token,
      key,
      key.slice(-43),
      'a wrong password here',
      'idempotent-secret',
      'another-customer',
    ])
      expect(service.output()).not.toContain(secret);
  });

  it('each request has a span in the trace of the caller, and each of its queries one', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    await call('GET', '/v1/customers', { token, headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
    const spans = await eventually(
      () => collector.spans.filter((span) => span.traceId === traceId),
      (found) => found.some(({ name }) => name === 'GET /v1/customers') && found.some(({ name }) => name === 'SELECT'),
    );
    const request = spans.find(({ name }) => name === 'GET /v1/customers')!;
    expect(request.parentSpanId).toBe('00f067aa0ba902b7');
    expect(request.attributes).toEqual(
      expect.arrayContaining([
        { key: 'http.response.status_code', value: { intValue: 200 } },
        { key: 'http.route', value: { stringValue: '/v1/customers' } },
      ]),
    );
    expect(
      spans.filter(({ name }) => name === 'SELECT').every(({ parentSpanId }) => parentSpanId === request.spanId),
    ).toBe(true);
    expect(JSON.stringify(collector.spans)).not.toContain(ADMIN.password);
  });
});

describe('the log', () => {
  it('is one JSON object per line in production and redacts secrets', () => {
    const lines: string[] = [];
    const to = new PassThrough();
    to.on('data', (data) => lines.push(...String(data).split('\n').filter(Boolean)));
    const config = new Config({
      NODE_ENV: 'production',
      DATABASE_URL: 'postgres://db/tollgate',
      SECRET_KEY: 'hZ8q-0f3Jk2m-1LxPz9vT7uQ5rY6wE4s',
      DATA_DIR: temporaryFolder(),
    });
    const log = new ServiceLogger(config, to);
    log.warn({ message: 'Something', requestId: 'r1', password: 'hunter2', nested: { token: 'abc' } }, 'Context');
    log.log('Started', 'RoutesResolver');
    log.debug('Too much', 'Context');
    log.error('It broke', 'at line 1', 'Context');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: 'warn',
        service: 'tollgate',
        context: 'Context',
        message: 'Something',
        requestId: 'r1',
        password: '[redacted]',
        nested: { token: '[redacted]' },
      }),
      expect.objectContaining({ level: 'error', message: 'It broke', stack: 'at line 1', context: 'Context' }),
    ]);
  });
});
