import { Balancer } from './balancer.mjs';
import { Client } from './client.mjs';
import { Cluster } from './cluster.mjs';
import { FaultProxy } from './fault-proxy.mjs';
import { History } from './history.mjs';
import { Receiver } from './receiver.mjs';
import { pause, until } from './waiting.mjs';

const INSTANCES = 4;
const ALL_READY_MS = 60_000;
const SCOPES = [
  'catalog:read',
  'catalog:write',
  'customers:read',
  'customers:write',
  'subscriptions:read',
  'subscriptions:write',
  'entitlements:read',
  'usage:read',
  'usage:write',
  'webhooks:write',
  'audit:read',
  'billing:read',
  'billing:write',
];
const ENDPOINT = { path: '/all', types: ['subscription.*', 'customer.*'] };

const metered = ([feature, limit]) => ({ feature, type: 'metered', limit, window: 'billing_period', overage: 'deny' });

/** The environment of all scenarios: four instances behind a balancer, a worker, a webhook receiver, and clients. */
export class World {
  /** @param keyLimit requests per minute of the clients' API key; if set, requests are counted, in Redis if it runs */
  constructor(random, { instances = INSTANCES, keyLimit = null } = {}) {
    this.random = random;
    this.keyLimit = keyLimit;
    this.count = instances;
    this.cluster = new Cluster();
    this.balancer = new Balancer();
    this.clients = new Map();
    this.proxies = [];
    this.serial = 0;
    this.begin('setup', random);
  }

  get db() {
    return this.cluster.postgres;
  }

  /** @returns how long each step took, in milliseconds */
  async start() {
    const began = performance.now();
    await this.db.start();
    const initdb = performance.now();
    await this.cluster.migrate();
    const migrated = performance.now();
    this.instances = Array.from({ length: this.count }, (_, index) => this.cluster.make('api', `api-${index + 1}`));
    this.worker = this.cluster.make('worker', 'worker');
    // One after the other: together they would measure how many cores there are.
    const ready = [];
    for (const instance of this.instances) ready.push(await instance.start());
    await this.worker.start();
    this.receiver = await new Receiver().start();
    await this.balancer.start();
    for (const instance of this.instances) this.balancer.add(instance);
    await until('the balancer sees all instances', () => this.balancer.ready === this.count);
    const seeding = performance.now();
    await this.seed();
    const rounded = (from, to) => Math.round(to - from);
    return {
      initdbMs: rounded(began, initdb),
      migrateMs: rounded(initdb, migrated),
      readyMs: ready,
      seedMs: rounded(seeding, performance.now()),
      totalMs: rounded(began, performance.now()),
    };
  }

  async seed() {
    this.anonymous = new Client(this.balancer.url);
    this.key = (await this.newKey('harness', this.keyLimit ? { rateLimitPerMinute: this.keyLimit } : {})).key;
    this.client = this.anonymous.as(this.key);
    this.otherClient = this.anonymous.as((await this.newKey('other')).key);
    this.otherCustomer = await this.customer(await this.product({ calls: null }));
    const { id } = await this.client.must('POST', '/v1/webhook-endpoints', {
      body: { url: this.receiver.url(ENDPOINT.path), types: ENDPOINT.types, product: null },
    });
    this.endpoint = {
      id,
      path: ENDPOINT.path,
      types: ENDPOINT.types.map((type) => type.replace('*', '%')),
      since: await this.db.value('select clock_timestamp()'),
    };
  }

  async newKey(name, more = {}) {
    return this.anonymous.must('POST', '/v1/api-keys', {
      token: await this.adminToken(),
      body: { name, scopes: SCOPES, ...more },
    });
  }

  async adminToken() {
    return (
      await this.anonymous.must('POST', '/v1/auth/login', {
        body: { email: 'admin@localhost', password: this.cluster.password },
      })
    ).accessToken;
  }

  /** Starts a scenario with its own random stream, history and failures. */
  begin(name, random) {
    this.name = name;
    this.random = random;
    this.history = new History(name.toLowerCase().replaceAll(/[^a-z0-9]/g, ''));
    this.failures = [];
    this.notes = [];
  }

  /** Something that must be so for the scenario to pass. */
  expect(what, holds, found = '') {
    if (!holds)
      this.failures.push(
        `${what}${found === '' ? '' : ` (found: ${typeof found === 'string' ? found : JSON.stringify(found)})`}`,
      );
  }

  note(text) {
    this.notes.push(text);
  }

  /**
   * Applies a product with metered features. @returns its key
   * @param limits by feature; null is unlimited @param plans limits of further plans
   */
  async product(limits, plans = {}, terms = {}) {
    const key = `p${++this.serial}-${this.history.name}`;
    const features = [...new Set([limits, ...Object.values(plans)].flatMap((one) => Object.keys(one)))];
    const plan = ([name, own]) => ({
      key: name,
      name,
      prices: [{ interval: 'month', amount: 100, currency: 'USD', ...terms }],
      entitlements: [...Object.entries(own).map(metered), { feature: 'sso', type: 'boolean', value: false }],
    });
    await this.client.must('POST', '/v1/catalog/apply', {
      body: {
        product: { key, name: key },
        features: [
          ...features.map((feature) => ({ key: feature, name: feature, type: 'metered' })),
          { key: 'sso', name: 'SSO', type: 'boolean' },
        ],
        plans: Object.entries({ plan: limits, ...plans }).map(plan),
        assignment: [{ plan: 'plan' }],
      },
    });
    return key;
  }

  /** Creates a customer. @returns its keys, as requests need them */
  async customer(product, profile = {}) {
    const customer = `c${++this.serial}-${this.history.name}`;
    const { subscription } = await this.client.must('PUT', `/v1/customers/${customer}`, {
      body: { product, ...profile },
    });
    return { customer, product, subscription: subscription.id };
  }

  /** Straight to one process or proxy, past the balancer. */
  clientOf({ url }, options = {}) {
    if (!this.clients.has(url)) this.clients.set(url, new Client(url, { token: this.key, ...options }));
    return this.clients.get(url);
  }

  /** A proxy in front of PostgreSQL, and `count` more instances behind it, until the end of the scenario. */
  async proxied(count, environment = {}) {
    const proxy = await this.proxy(this.db.port);
    this.extra = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        this.cluster.start('api', `${this.history.name}-proxied-${index + 1}`, { through: proxy, ...environment }),
      ),
    );
    return { proxy, instances: this.extra };
  }

  async proxy(port) {
    const proxy = await new FaultProxy(port).start();
    this.proxies.push(proxy);
    return proxy;
  }

  /** Removes all faults and waits until all instances are ready. */
  async heal() {
    for (const proxy of this.proxies) proxy.heal();
    this.db.thaw();
    if (!this.db.isAlive()) await this.db.start();
    for (const one of this.cluster.processes) one.thaw();
    const lasting = [...this.instances, this.worker];
    for (const one of lasting) if (!one.running) await one.start({ wait: false });
    await until(
      'all processes are ready',
      async () => (await Promise.all(lasting.map((one) => one.isReady()))).every(Boolean),
      { withinMs: ALL_READY_MS },
    );
    await until('the balancer sees all instances', () => this.balancer.ready === this.balancer.targets.length, {
      withinMs: ALL_READY_MS,
    });
  }

  /** Ends the processes and proxies that the scenario started, and reports unexpected exits. */
  async removeExtras() {
    const lasting = new Set([...this.instances, this.worker]);
    const crashed = this.cluster.processes.filter(({ crashes }) => crashes.length > 0);
    for (const one of crashed)
      this.expect(
        `${one.name} did not crash`,
        false,
        one.crashes
          .splice(0)
          .map(({ code, signal }) => signal ?? code)
          .join(', '),
      );
    for (const one of this.cluster.processes.filter((other) => !lasting.has(other)))
      await this.cluster.dismiss(one, 'SIGKILL');
    for (const proxy of this.proxies.splice(0)) await proxy.stop();
  }

  /** Whether a worker delivers webhooks. */
  get delivering() {
    return this.worker.running && !this.worker.frozen;
  }

  async stop({ keepLogs }) {
    await this.billing?.close();
    await Promise.all([...this.clients.values(), this.anonymous].filter(Boolean).map((client) => client.close()));
    for (const proxy of this.proxies) await proxy.stop();
    if (this.balancer.url) await this.balancer.stop();
    await this.cluster.stop({ keepLogs });
    if (this.receiver) await this.receiver.stop();
  }

  /** Waits until changes have reached all instances. */
  waitForPropagation(ms = 300) {
    return pause(ms);
  }
}
