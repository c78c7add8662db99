/** Calls of a service that has installed the client. The package is loaded by `import` or by `require`. */
exports.call = async function call({ Tollgate, TollgateError }) {
  const tollgate = new Tollgate({ baseUrl: process.env.TOLLGATE_URL, apiKey: 'tg_test', deadlineMs: 10_000 });
  const { remaining } = await tollgate.check({ customer: 'acme', feature: 'calls' });
  const { used } = await tollgate.consume({ customer: 'acme', feature: 'calls', quantity: 2 });
  const error = await tollgate.check({ customer: 'unknown', feature: 'calls' }).catch((thrown) => thrown);
  const { data } = await tollgate.api.GET('/v1/customers/{customer}/entitlements', {
    params: { path: { customer: 'acme' } },
  });
  return {
    remaining,
    used,
    code: error instanceof TollgateError ? error.code : String(error),
    entitlements: data.data.length,
    fallback: await fallback(Tollgate),
  };
};

async function fallback(Tollgate) {
  // Port 9 refuses the connection.
  const offline = { baseUrl: 'http://127.0.0.1:9', apiKey: 'tg_test', deadlineMs: 50, onUnavailable: 'deny' };
  const { allowed, reason } = await new Tollgate(offline).check({ customer: 'acme', feature: 'calls' });
  return { allowed, reason };
}

/** The guard of a Nest application that has installed the client. */
exports.guard = async function guard({ RequireEntitlement, EntitlementGuard, TollgateModule }, { NestFactory }) {
  class ReportsController {
    create() {}
  }
  const { prototype } = ReportsController;
  RequireEntitlement('calls')(prototype, 'create', Object.getOwnPropertyDescriptor(prototype, 'create'));
  const customerOf = (request) => request.customer;
  const options = { baseUrl: process.env.TOLLGATE_URL, apiKey: 'tg_test', deadlineMs: 10_000, customerOf };
  const application = await NestFactory.createApplicationContext(TollgateModule.forRoot(options), { logger: false });
  const statusFor = (customer) =>
    application
      .get(EntitlementGuard)
      .canActivate({
        getHandler: () => prototype.create,
        switchToHttp: () => ({ getRequest: () => ({ customer }), getResponse: () => ({}) }),
      })
      .then(
        () => 200,
        (error) => error.getStatus(),
      );
  return { acme: await statusFor('acme'), denied: await statusFor('denied'), none: await statusFor(null) };
};
