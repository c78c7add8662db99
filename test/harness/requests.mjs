const ENTITLED_SECONDS = 600;

/**
 * Requests of the harness, as the routes want them, with what checks want to know of each. A consume carries its operation's id in
 * `properties`, and so into the ledger: what was counted can be told apart line by line.
 */
export const requests = {
  consume: ({ customer, product }, feature, quantity = 1) => ({
    op: 'consume',
    path: '/v1/usage/consume',
    customer,
    product,
    feature,
    quantity,
    body: (id) => ({ customer, product, feature, quantity, properties: { op: id, of: 1 } }),
  }),
  consumeAll: ({ customer, product }, features, quantity = 1) => ({
    op: 'joint',
    path: '/v1/usage/consume',
    customer,
    product,
    features,
    quantity,
    body: (id) => ({
      customer,
      product,
      features: features.map((feature) => ({ feature, quantity })),
      properties: { op: id, of: features.length },
    }),
  }),
  reserve: ({ customer, product }, feature, quantity = 1, ttlSeconds = ENTITLED_SECONDS) => ({
    op: 'reserve',
    path: '/v1/usage/reservations',
    customer,
    product,
    feature,
    quantity,
    body: { customer, product, feature, quantity, ttlSeconds },
  }),
  commit: (reserved, quantity) => ({
    op: 'commit',
    path: `/v1/usage/reservations/${reserved.answer.reservation.id}/commit`,
    customer: reserved.customer,
    product: reserved.product,
    feature: reserved.feature,
    reservation: reserved.answer.reservation.id,
    quantity,
    body: { quantity },
  }),
  release: (reserved) => ({
    op: 'release',
    path: `/v1/usage/reservations/${reserved.answer.reservation.id}/release`,
    customer: reserved.customer,
    product: reserved.product,
    feature: reserved.feature,
    reservation: reserved.answer.reservation.id,
    quantity: reserved.quantity,
    body: {},
  }),
  events: ({ customer, product }, feature, quantities) => ({
    op: 'events',
    path: '/v1/usage/events',
    customer,
    product,
    feature,
    quantities,
    body: (id) => ({
      product,
      events: quantities.map((quantity, index) => ({ id: `${id}-${index}`, customer, feature, quantity })),
    }),
  }),
  change: ({ customer, product, subscription }, plan, when = 'now') => ({
    op: 'change',
    path: `/v1/subscriptions/${subscription}/change`,
    customer,
    product,
    subscription,
    body: { plan, when },
  }),
  cancel: ({ customer, product, subscription }) => ({
    op: 'cancel',
    path: `/v1/subscriptions/${subscription}/cancel`,
    customer,
    product,
    subscription,
    body: { when: 'period_end' },
  }),
  resume: ({ customer, product, subscription }) => ({
    op: 'resume',
    path: `/v1/subscriptions/${subscription}/resume`,
    customer,
    product,
    subscription,
    body: {},
  }),
};
