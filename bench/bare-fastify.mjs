import Fastify from 'fastify';

/** Baseline: bare Fastify that reads the same bodies and returns responses of the same size. */
const DECISION = {
  allowed: true,
  reason: null,
  customer: 'hot',
  feature: 'calls',
  type: 'metered',
  requested: 1,
  limit: null,
  used: 1,
  reserved: 0,
  remaining: null,
  overage: 0,
  windowStart: null,
  resetsAt: null,
  source: { kind: 'plan', plan: 'plan', version: 1 },
  asOf: '2026-01-01T00:00:00.000Z',
};
const app = Fastify();
const text = { type: 'string' };
const schema = {
  body: {
    type: 'object',
    required: ['customer', 'feature'],
    properties: { customer: text, product: text, feature: text },
  },
};
app.post('/decision', { schema }, async () => DECISION);
app.get('/decision', async () => DECISION);
console.log(await app.listen({ port: 0, host: '127.0.0.1' }));
process.on('SIGTERM', () => process.exit(0));
