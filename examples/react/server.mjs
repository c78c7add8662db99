/**
 * A host service with a billing page. It knows its user, and opens a portal session for the user's customer.
 * Environment: TOLLGATE_URL, TOLLGATE_KEY (scope portal:write), CUSTOMER, FEATURES (keys, separated by commas), PORT.
 */
import * as http from 'node:http';
import * as path from 'node:path';
import { createServer } from 'vite';

const { TOLLGATE_URL = 'http://127.0.0.1:3000', TOLLGATE_KEY, CUSTOMER, FEATURES = '', PORT = '4000' } = process.env;
if (!TOLLGATE_KEY || !CUSTOMER) throw new Error('Set TOLLGATE_KEY and CUSTOMER.');

const folder = import.meta.dirname;
const pages = await createServer({
  configFile: false,
  root: folder,
  logLevel: 'error',
  server: { middlewareMode: true, ws: false, hmr: false },
  resolve: { alias: { '@tollgate/react': path.join(folder, '../../clients/react/src/index.ts') } },
  build: { target: 'es2022' },
});

/** Calls Tollgate with the key of this service, which never reaches the browser. */
async function call(at, body) {
  const answer = await fetch(TOLLGATE_URL + at, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOLLGATE_KEY}` },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${at}: HTTP ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** An access token for the customer of the user. A real service takes the customer from its own session. */
async function portalToken() {
  const { url } = await call('/v1/portal-sessions', { customer: CUSTOMER });
  const { accessToken } = await call('/v1/portal-sessions/exchange', { token: url.split('#token=')[1] });
  return accessToken;
}

const server = http.createServer((request, response) => {
  const answer = (status, text) => response.writeHead(status, { 'cache-control': 'no-store' }).end(text);
  if (request.method === 'POST' && request.url === '/billing/token')
    return portalToken().then(
      (token) => answer(200, token),
      (error) => answer(502, error.message),
    );
  if (request.url === '/billing/settings')
    return answer(200, JSON.stringify({ url: TOLLGATE_URL, features: FEATURES.split(',').filter(Boolean) }));
  return pages.middlewares(request, response);
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`Billing page: http://127.0.0.1:${server.address().port}/`));
